import type { Command } from "commander";
import type { Context } from "./context.js";
import type { Report } from "./report.js";

/** Where a command writes to, and what it is told besides its arguments. */
export interface Surroundings {
  out: (text: string) => void;
  error: (text: string) => void;
  env: Readonly<Record<string, string | undefined>>;
}

export type Options = Readonly<Record<string, unknown>>;

interface Described {
  /** With its arguments, as commander reads them: `account <id>`. */
  usage: string;
  summary: string;
  /** Options and help of its own. */
  configure?: (command: Command) => void;
}

/** Looks at a deployment through one node. */
export interface ChainCommand extends Described {
  run: (context: Context, args: readonly string[], options: Options) => Promise<Report>;
}

/** Has settings of its own, and connects as they say. */
export interface OwnCommand extends Described {
  begin: (surroundings: Surroundings, args: readonly string[], options: Options) => Promise<Report>;
}

/** One command, in a file of its own under commands/. */
export type BallastCommand = ChainCommand | OwnCommand;

/** A command that needs no chain: it returns what the program ends with. */
export interface OfflineCommand extends Described {
  offline: (args: readonly string[]) => number;
}
