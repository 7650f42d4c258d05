import type { BallastCommand, OfflineCommand } from "../command.js";
import { account } from "./account.js";
import { deploy } from "./deploy.js";
import { doctor } from "./doctor.js";
import { keeper } from "./keeper.js";
import { liquidate } from "./liquidate.js";
import { market } from "./market.js";
import { markets } from "./markets.js";
import { propose } from "./propose.js";
import { roles } from "./roles.js";
import { status } from "./status.js";
import { why } from "./why.js";

/** In the order of the help. */
export const COMMANDS: readonly BallastCommand[] = [
  status,
  account,
  market,
  markets,
  keeper,
  doctor,
  why,
  liquidate,
  roles,
  propose,
];

export const OFFLINE_COMMANDS: readonly OfflineCommand[] = [deploy];
