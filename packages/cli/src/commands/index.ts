import type { BallastCommand } from "../command.js";
import { account } from "./account.js";
import { doctor } from "./doctor.js";
import { keeper } from "./keeper.js";
import { liquidate } from "./liquidate.js";
import { market } from "./market.js";
import { status } from "./status.js";
import { why } from "./why.js";

/** In the order of the help. */
export const COMMANDS: readonly BallastCommand[] = [status, account, market, keeper, doctor, why, liquidate];
