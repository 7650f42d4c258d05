import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { COMMANDS, OFFLINE_COMMANDS } from "./commands/index.js";
import type { BallastCommand, OfflineCommand } from "./command.js";
import { readConfig } from "./config.js";
import { connect } from "./context.js";
import { EXIT_CODES, Exit, endingOf } from "./exits.js";
import { toJson } from "./report.js";

/** Where a command writes to, and what it is told besides its arguments. */
export interface Surroundings {
  out: (text: string) => void;
  error: (text: string) => void;
  env: Readonly<Record<string, string | undefined>>;
}

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const HELP = `
Numbers are whole units of the asset or of quote; with --json, decimal strings in 1e18.

Environment: BALLAST_RPC, BALLAST_DEPLOYMENT, BALLAST_TIMEOUT, BALLAST_JSON; flags win.

${EXIT_CODES}`;

function createProgram({ out, error }: Surroundings): Command {
  return new Command("ballast")
    .version(version)
    .description("Looks at a deployment of the Ballast clearing house, and proposes what its authority may do.")
    .option("--rpc <url>", "the node (default: http://127.0.0.1:8545)")
    .option("--deployment <file|chain>", "a deployment's JSON, or a chain id (default: the node's)")
    .option("--timeout <seconds>", "how long to wait for the node (default: 10)")
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => out(text.trimEnd()),
      writeErr: (text) =>
        error(
          `ballast: ${text
            .replace(/^error: /, "")
            .trim()
            .replaceAll("\n", " ")}; see ballast --help`,
        ),
    });
}

function add(program: Command, command: BallastCommand, { out, env }: Surroundings): void {
  const added = program.command(command.usage).description(command.summary);
  command.configure?.(added);
  added.action(async (...given: unknown[]) => {
    const options = added.optsWithGlobals<Record<string, unknown>>();
    const config = readConfig(options, env);
    const args = given.slice(0, -2).flat() as string[];
    const { json, text } = await command.run(await connect(config), args, options);
    out(config.json ? toJson(json) : text);
  });
}

function addOffline(program: Command, command: OfflineCommand, end: (code: number) => void): void {
  const added = program.command(command.usage).description(command.summary);
  command.configure?.(added);
  added.action((args: string[]) => end(command.offline(args)));
}

/** Runs one command and returns its exit code. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const program = createProgram(surroundings);
  let ended: number = Exit.ok;
  for (const command of COMMANDS) add(program, command, surroundings);
  for (const command of OFFLINE_COMMANDS) addOffline(program, command, (code) => (ended = code));
  try {
    await program.parseAsync(args, { from: "user" });
    return ended;
  } catch (error) {
    // What commander has to say it has said.
    if (error instanceof CommanderError) return error.exitCode === 0 ? Exit.ok : Exit.badInput;
    const { code, line } = endingOf(error);
    surroundings.error(line);
    return code;
  }
}
