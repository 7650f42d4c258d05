// A market from calm into a crash on a chain of its own, with keeper, maker and bidders as processes: scripts/market/.
//   npm start [-- --scenario NAME|FILE] [--accounts N] [--seed N] [--json] [--keep-running] [--help]
import { main } from "./market/main.js";

process.exit(await main(process.argv.slice(2)));
