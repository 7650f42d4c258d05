// What the command ends with: a number that means something, and one line that says what to do.
import {
  BallastError,
  ChainUnreachable,
  DeploymentInvalid,
  InputError,
  NotDeployed,
  UnknownAsset,
  UnknownChain,
  UnknownMarket,
  decodeError,
} from "@ballast/sdk";
import { ConfigError, KeeperError, NotRecorded } from "@ballast/keeper";
import { ArgumentInvalid, AuthorityDiffers, AuthorityInvalid, CallUnknown, NotAuthorized } from "./authority/errors.js";
import { RepositoryMissing } from "./commands/deploy.js";
import { ConfigInvalid, WrongChain } from "./config.js";
import { WalletBusy } from "./settings.js";
import { TermsDiffer, TermsInvalid } from "./terms.js";

export const Exit = { ok: 0, badInput: 1, unreachable: 2, notDeployed: 3, failed: 4, differs: 5 } as const;

export const EXIT_CODES = `Exit codes:
  0  ok
  1  bad input: a flag, an argument, the environment or the deployment file
  2  the chain does not answer
  3  the protocol is not deployed there
  4  the contracts or the node refused a call
  5  the chain, or a keeper, is not as it should be`;

export interface Ending {
  code: number;
  line: string;
}

type Kind = abstract new (...args: never[]) => Error;

/** The first that fits tells the code, and what to do about it. */
const ENDINGS: readonly (readonly [Kind, number, string])[] = [
  [ChainUnreachable, Exit.unreachable, "check --rpc (BALLAST_RPC)"],
  [UnknownChain, Exit.notDeployed, "give --deployment FILE (BALLAST_DEPLOYMENT), or write deployments/<chain id>.json"],
  [NotDeployed, Exit.notDeployed, "the deployment belongs to another chain, or the chain began anew"],
  [WrongChain, Exit.badInput, "give the --deployment of this chain, or the --rpc of that one"],
  [DeploymentInvalid, Exit.badInput, "correct the file or give another --deployment"],
  [UnknownMarket, Exit.badInput, "give one of these names, or the number of the asset"],
  [UnknownAsset, Exit.badInput, "`ballast status` lists what there is"],
  [AuthorityDiffers, Exit.differs, "docs/runbook.md says what to do"],
  [TermsDiffer, Exit.differs, "`ballast propose` writes what puts it right"],
  [TermsInvalid, Exit.badInput, "give --terms FILE"],
  [RepositoryMissing, Exit.badInput, "it is not part of the published package"],
  [AuthorityInvalid, Exit.badInput, "give --authority FILE"],
  [CallUnknown, Exit.badInput, "give one of these names"],
  [ArgumentInvalid, Exit.badInput, "see ballast propose --help"],
  [NotAuthorized, Exit.badInput, "`ballast roles` lists who may"],
  [ConfigInvalid, Exit.badInput, "see ballast --help"],
  [InputError, Exit.badInput, "see ballast --help"],
  [ConfigError, Exit.badInput, "see docs/keeper.md"],
  [NotRecorded, Exit.badInput, "give blocks on which a keeper ran"],
  [WalletBusy, Exit.failed, "let that keeper do it, or use another key"],
];

export function endingOf(thrown: unknown): Ending {
  const error = thrown instanceof KeeperError ? thrown : decodeError(thrown);
  const found = ENDINGS.find(([kind]) => error instanceof kind);
  const [, code, fix] = found ?? [BallastError, Exit.failed, error.retryable ? "try again" : undefined];
  return { code, line: `ballast: ${error.message}${fix === undefined ? "" : `; ${fix}`}` };
}
