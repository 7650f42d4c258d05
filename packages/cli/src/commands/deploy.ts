import { BallastError } from "@ballast/sdk";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { OfflineCommand } from "../command.js";

/** Deploying needs the contracts and their compiler, which are in the repository alone. */
export class RepositoryMissing extends BallastError {
  override readonly name = "RepositoryMissing";
  override readonly retryable = false;
  override readonly args: { folder: string };

  constructor(folder: string) {
    super(`${folder} is in no checkout of the repository: run \`npm run deploy\` in one`);
    this.args = { folder };
  }
}

/** The repository that a folder is in. */
export function repositoryOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, "package.json");
    const own = existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as { name?: string }).name === "ballast";
    if (own && existsSync(join(at, "scripts", "deploy.ts"))) return at;
    if (at === dirname(at)) throw new RepositoryMissing(folder);
  }
}

const HELP = `
  --network <name>      localhost, sepolia, baseSepolia, arbitrumSepolia
  --dry-run             print the plan with gas and cost, send nothing
  --fill <name=value>   a fact that the parameters leave open, once for each
  --yes                 do not ask
  --source <feed>       deploy one more price source
  --market <file>       sources and pool of one more perp, and the batches that list it
  --explorer            verify the sources on the network's explorers`;

export const deploy: OfflineCommand = {
  usage: "deploy [flags...]",
  summary: "deploys a network from a checkout of the repository: `npm run deploy -- [flags...]`",
  configure: (command) => {
    command.allowUnknownOption().addHelpText("after", HELP);
  },
  offline(args) {
    const cwd = repositoryOf(process.cwd());
    const { status } = spawnSync("npm", ["run", "--silent", "deploy", "--", ...args], { cwd, stdio: "inherit" });
    return status ?? 1;
  },
};
