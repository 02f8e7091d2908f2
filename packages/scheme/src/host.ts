/**
 * What a piece of Scheme may reach of the world. Nothing else can be reached; a member that is left out means that the
 * procedures which need it say that they are not allowed here.
 */
export type Host = {
  getenv(name: string): string | undefined;
  setenv(name: string, value: string | undefined): void;
  print(text: string): void;
  /** Runs a shell command and returns its exit code. */
  system(command: string): number;
  createDirectory(path: string, withParents: boolean): void;
  fileExists(path: string): boolean;
  isDirectory(path: string): boolean;
  currentDirectory(): string;
  hostName(): string;
  nowS(): number;
  processorCount(): number;
  readFile?(path: string): string;
  /** Standard output of a shell command. */
  readCommand?(command: string): string;
  /** The next lines of what the program reads when no file is named, each whole; `undefined` at the end. */
  readInput?(): string | undefined;
  deleteFile?(path: string): void;
  /** Names that match a shell pattern. */
  glob?(pattern: string): readonly string[];
  userName?(): string;
  sleep?(seconds: number): void;
};
