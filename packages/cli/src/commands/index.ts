import type { BallastCommand } from "../command.js";
import { account } from "./account.js";
import { market } from "./market.js";
import { roles } from "./roles.js";
import { status } from "./status.js";

/** In the order of the help. */
export const COMMANDS: readonly BallastCommand[] = [status, account, market, roles];
