// What `npm start` is told.
import { parseArgs } from "node:util";
import { MarketError, OptionInvalid, Exit } from "./errors.js";
import { SCENARIOS } from "./scenarios.js";

export interface Options {
  /** One of the scenarios, or a file. */
  readonly scenario: string;
  readonly accounts: number;
  readonly seed: number;
  readonly speed: number;
  readonly json: boolean;
  readonly keepRunning: boolean;
  readonly port: number | undefined;
  /** Where the report goes. */
  readonly out: string | undefined;
  readonly node: "anvil" | "hardhat" | undefined;
  readonly help: boolean;
}

export const HELP = `npm start -- [options]
A market from calm into a crash, on a chain of its own.

  --scenario NAME|FILE  ${SCENARIOS.map(({ name }) => name).join(", ")};
                        or a file with the columns time,BTC,ETH,SOL (seconds, prices: only their moves count)
  --accounts N          traders, 10 to 2000 (300)
  --seed N              the same seed gives the same market and the same people (1)
  --speed N             0.1 to 10: how much faster than four blocks a second (1)
  --json                one object on the last line; all else goes to standard error
  --keep-running        the chain and all processes stay until Ctrl-C
  --port N              of the chain; any free one when it is left out
  --node anvil|hardhat  anvil, and Hardhat's node where anvil is missing
  --out DIR             for the report (cache/market/SCENARIO-SEED)

Exit codes: 0 every law held and no loss is unaccounted for; 1 not so; 2 an option, a file, a port; 3 something failed; 130 Ctrl-C.`;

export function readOptions(args: readonly string[]): Options {
  const { values } = parse(args);
  return {
    ...{ scenario: values.scenario, json: values.json, keepRunning: values["keep-running"], out: values.out },
    accounts: within("accounts", values.accounts, 10, 2_000),
    seed: within("seed", values.seed, 0, 2 ** 28),
    speed: within("speed", values.speed, 0.1, 10, false),
    port: values.port === undefined ? undefined : within("port", values.port, 1, 65_535),
    ...{ node: nodeOf(values.node), help: values.help },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        scenario: { type: "string", default: "black-thursday" },
        accounts: { type: "string", default: "300" },
        seed: { type: "string", default: "1" },
        speed: { type: "string", default: "1" },
        json: { type: "boolean", default: false },
        "keep-running": { type: "boolean", default: false },
        port: { type: "string" },
        node: { type: "string" },
        out: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new MarketError((error as Error).message, "npm start -- --help tells every option", Exit.badInput);
  }
}

function within(option: string, text: string, lower: number, upper: number, whole = true): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= lower && value <= upper && (!whole || Number.isInteger(value))) return value;
  throw new OptionInvalid(option, text, `a ${whole ? "whole " : ""}number from ${lower} to ${upper}`);
}

function nodeOf(text: string | undefined): Options["node"] {
  if (text === undefined || text === "anvil" || text === "hardhat") return text;
  throw new OptionInvalid("node", text, "anvil or hardhat");
}
