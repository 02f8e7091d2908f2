/** Collects what one block of the log leads to, so that it is written at once and not line by line. */
export class ByteOutput {
  readonly #write: (bytes: Buffer) => void | Promise<void>;
  readonly #parts: Buffer[] = [];
  #text = '';

  constructor(write: (bytes: Buffer) => void | Promise<void>) {
    this.#write = write;
  }

  /** Adds Latin-1 text. */
  text(text: string): void {
    this.#text += text;
  }

  /** Adds bytes, which must stay as they are until the next `flush`. */
  bytes(bytes: Buffer): void {
    this.#endText();
    this.#parts.push(bytes);
  }

  async flush(): Promise<void> {
    this.#endText();
    const [first] = this.#parts;
    if (first !== undefined) {
      await this.#write(this.#parts.length === 1 ? first : Buffer.concat(this.#parts));
      this.#parts.length = 0;
    }
  }

  #endText(): void {
    if (this.#text !== '') {
      this.#parts.push(Buffer.from(this.#text, 'latin1'));
      this.#text = '';
    }
  }
}
