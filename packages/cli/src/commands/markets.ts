import { getMarket } from "@ballast/sdk";
import type { BallastCommand } from "../command.js";
import { cash, percent, price, since } from "../format.js";
import { paragraphs, table } from "../report.js";
import { TermsDiffer, differences, readTerms, termsOf } from "../terms.js";

const BASIS_POINT = 10n ** 14n;
const HEAD = ["market", "asset", "kind", "state", "mark", "age", "maintenance", "haircut", "depth", "limit"];

const points = (value: number): string => percent(BigInt(value) * BASIS_POINT);

export const markets: BallastCommand = {
  usage: "markets",
  summary: "what everything is listed with; --verify fails if it is not as agreed",
  configure: (command) => {
    command
      .option("--verify", "compare with what should be")
      .option("--terms <file>", "what should be (default: deployments/<chain>.terms.json); --json prints such a file");
  },
  async run(context, _, options) {
    const { client, deployment, at, now } = context;
    const named = Object.entries(deployment.markets);
    const [found, views] = await Promise.all([
      termsOf(context),
      Promise.all(named.map(([, asset]) => getMarket(client, { asset, ...at }))),
    ]);
    const rows = views.map(({ asset, kind, state, price: p, config, limits }, i) => [
      ...[named[i]?.[0] ?? "", asset, kind.toLowerCase(), state, price(p.mark), since(p.updatedAt, now)],
      kind === "Perp" ? `${points(config.floorRate)} to ${points(config.capRate)}` : "-",
      ...[points(config.haircut), cash(config.depth), cash(limits.total)],
    ]);
    const text = table(HEAD, rows);
    if (options["verify"] !== true) return { json: found, text };
    const file = (options["terms"] as string | undefined) ?? `deployments/${deployment.chainId}.terms.json`;
    const faults = differences(await readTerms(file), found);
    if (faults.length > 0) throw new TermsDiffer(faults);
    return { json: found, text: paragraphs(text, "verified: all terms are as they should be") };
  },
};
