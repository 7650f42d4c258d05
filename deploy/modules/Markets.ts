import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { Artifact, CallableContractFuture, IgnitionModuleBuilder } from "@nomicfoundation/ignition-core";
import { erc20Abi } from "viem";
import type { Feed, Parameters, Sources, StageTerms, Token } from "../parameters/types.js";
import type { BallastModule } from "./Ballast.js";
import LocalTokens from "./LocalTokens.js";

const QUOTE = 0;
const DUST_ROW = 3;
const NONE = "0x0000000000000000000000000000000000000000";
/** Ten thousandths of a quote per market, in which the dust row has to be given. */
const DUST_PER_MARKET = 100n;

export const seedOf = ({ quote, perps }: Parameters): bigint => {
  const decimals = quote === "mock" ? 6 : quote.decimals;
  return (BigInt(perps.length) * DUST_PER_MARKET * 10n ** BigInt(decimals)) / 10_000n;
};

/** What the steps call of a token that is there. */
const TOKEN: Artifact = {
  _format: "hh3-artifact-1",
  contractName: "Token",
  sourceName: "Token.sol",
  abi: erc20Abi,
  ...{ bytecode: "0x", deployedBytecode: "0x", linkReferences: {}, deployedLinkReferences: {} },
};

type Contract = CallableContractFuture<string>;

/** One asset's sources, stages and listing, each step after the one before it. */
class Listing {
  constructor(
    private readonly m: IgnitionModuleBuilder,
    private readonly core: Record<"router" | "configurator" | "liquidator", Contract>,
    private readonly parameters: Parameters,
    private readonly name: string,
    private readonly asset: number,
  ) {}

  sources({ feeds, quorum, maxDivergence }: Sources) {
    const stored = feeds.map((feed, i) => ({ source: this.source(feed, i), maxAge: feed.heartbeat }));
    return this.m.call(this.core.router, "setSources", [this.asset, stored, quorum, maxDivergence], {
      id: `${this.name}_sources`,
    });
  }

  stages(terms: StageTerms) {
    return this.m.call(this.core.liquidator, "setTerms", [this.asset, { ...terms }], { id: `${this.name}_stages` });
  }

  private source(feed: Feed, i: number) {
    const { sequencer, gracePeriod } = this.parameters;
    const at =
      "at" in feed
        ? feed.at
        : this.m.contract("MockV3Aggregator", [8, feed.mock * 10n ** 8n], { id: `${this.name}_feed${i}` });
    const uptime = sequencer === "none" ? NONE : sequencer;
    return this.m.contract("ChainlinkSource", [at, feed.heartbeat, uptime, gracePeriod], {
      id: `${this.name}_source${i}`,
    });
  }
}

/** Everything that is listed, with its sources, stages and pools. */
export const marketsModule = (ballast: BallastModule, parameters: Parameters) =>
  buildModule("Markets", (m) => {
    const { house, configurator, router, liquidator } = m.useModule(ballast);
    const listing = (name: string, asset: number): Listing =>
      new Listing(m, { router, configurator, liquidator }, parameters, name, asset);
    const local = parameters.quote === "mock" ? m.useModule(LocalTokens) : undefined;
    const tokenOf = (token: Token, made: Contract | undefined, id: string) =>
      token === "mock" ? (made as Contract) : m.contractAt("Token", TOKEN, token.at, { id });

    const quote = tokenOf(parameters.quote, local?.quote, "Quote");
    const seed = seedOf(parameters);
    const minted = local === undefined ? [] : [m.call(local.quote, "mint", [m.getAccount(0), seed], { id: "mint" })];
    const approved = m.call(quote, "approve", [house, seed], { id: "approve", after: minted });
    const seeded = m.call(house, "deposit", [DUST_ROW, QUOTE, seed], { id: "seed", after: [approved] });
    const quoted = listing("quote", QUOTE).sources(parameters.quoteSources);
    m.call(configurator, "setHouseTerms", [{ ...parameters.house }], { id: "terms", after: [quoted] });

    const pools: Record<string, Contract> = {};
    for (const { name, asset, sources, terms, stages, pool } of parameters.perps) {
      const market = listing(name, asset);
      const priced = market.sources(sources);
      const listed = m.call(configurator, "listPerp", [asset, { ...terms }], {
        id: `${name}_list`,
        after: [priced, market.stages(stages), seeded],
      });
      const vault = m.contract("LiquidityPool", [house, asset, `Ballast Pool ${name}`, `BLP-${name}`], {
        id: `${name}_pool`,
        after: [listed],
      });
      m.call(configurator, "setPool", [asset, { owner: vault, ...pool }], { id: `${name}_quotes`, after: [listed] });
      pools[`pool${name}`] = vault;
    }
    for (const { name, asset, token, sources, terms, stages } of parameters.spots) {
      const market = listing(name, asset);
      const after = [market.sources(sources), market.stages(stages)];
      const held = tokenOf(token, local?.weth, name);
      m.call(configurator, "listSpot", [asset, held, { ...terms }], { id: `${name}_list`, after });
    }
    return pools;
  });
