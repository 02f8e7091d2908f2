/** Collects what one block of the log leads to, so that it is written at once and not line by line. */

/** Larger parts are written as they are: to copy them would fill the memory with garbage. */
const directBytes = 16 * 1024;

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
    let small: Buffer[] = [];
    for (const part of this.#parts) {
      if (part.length < directBytes) {
        small.push(part);
      } else {
        await this.#writeTogether(small);
        small = [];
        await this.#write(part);
      }
    }
    await this.#writeTogether(small);
    this.#parts.length = 0;
  }

  async #writeTogether(parts: readonly Buffer[]): Promise<void> {
    if (parts.length > 0) {
      await this.#write(Buffer.concat(parts));
    }
  }

  #endText(): void {
    if (this.#text !== '') {
      this.#parts.push(Buffer.from(this.#text, 'latin1'));
      this.#text = '';
    }
  }
}
