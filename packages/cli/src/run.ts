import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { COMMANDS, OFFLINE_COMMANDS } from "./commands/index.js";
import type { BallastCommand, OfflineCommand, Options, Surroundings } from "./command.js";
import { readConfig } from "./config.js";
import { connect } from "./context.js";
import { EXIT_CODES, Exit, endingOf } from "./exits.js";
import { toJson, type Report } from "./report.js";

export type { Surroundings } from "./command.js";

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
    .description(
      "Looks at a deployment of the Ballast clearing house, keeps it, and proposes what its authority may do.",
    )
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

/** Those with settings of their own may have several nodes where others have one. */
async function report(
  command: BallastCommand,
  surroundings: Surroundings,
  args: readonly string[],
  options: Options,
): Promise<{ report: Report; json: boolean }> {
  if ("begin" in command) {
    const { BALLAST_JSON } = surroundings.env;
    const { json } = readConfig({ json: options["json"] }, { BALLAST_JSON });
    return { report: await command.begin(surroundings, args, options), json };
  }
  const config = readConfig(options, surroundings.env);
  return { report: await command.run(await connect(config), args, options), json: config.json };
}

function add(program: Command, command: BallastCommand, surroundings: Surroundings, end: (code: number) => void): void {
  const added = program.command(command.usage).description(command.summary);
  command.configure?.(added);
  added.action(async (...given: unknown[]) => {
    const options = added.optsWithGlobals<Record<string, unknown>>();
    const told = await report(command, surroundings, given.slice(0, -2).flat() as string[], options);
    const said = told.json ? toJson(told.report.json) : told.report.text;
    if (said !== "") surroundings.out(said);
    end(told.report.code ?? Exit.ok);
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
  let code: number = Exit.ok;
  const end = (ended: number): void => void (code = ended);
  for (const command of COMMANDS) add(program, command, surroundings, end);
  for (const command of OFFLINE_COMMANDS) addOffline(program, command, end);
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    // What commander has to say it has said.
    if (error instanceof CommanderError) return error.exitCode === 0 ? Exit.ok : Exit.badInput;
    const { code, line } = endingOf(error);
    surroundings.error(line);
    return code;
  }
}
