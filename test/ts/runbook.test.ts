// Every incident of docs/runbook.md, walked through by its commands on a chain of its own.
import { accountId, clearingHouseAbi, formatAccount, parseUnits } from "@ballast/sdk";
import { readDeployment } from "@ballast/sdk/node";
import { expect } from "chai";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeFunctionData, erc20Abi, getAddress, parseAbi, type Address } from "viem";
import { network } from "hardhat";
import { deployMarket } from "../../deploy/market.js";
import { plantFeed } from "../../deploy/plant.js";
import { deploySource } from "../../deploy/source.js";
import { Governed } from "./support/governed.js";

const FEED = parseAbi(["function updateAnswer(int256)"]);
const TOKEN = parseAbi(["function mint(address, uint256)"]);
const ANYBODY = getAddress(`0x${"e5".repeat(20)}`);
const NEW = getAddress(`0x${"f6".repeat(20)}`);
const HOUR = 3_600;

interface Terms {
  quote: { sources: { feed: Address }[] };
  markets: Record<string, { sources: { feed: Address }[]; config: { depth: string } }>;
}

async function refusal(promise: Promise<unknown>, reason: RegExp): Promise<void> {
  const message = await promise.then(
    () => "nothing was refused",
    (error: Error) => error.message,
  );
  expect(message).to.match(reason);
}

describe("runbook", () => {
  let governed: Governed;
  let snapshot: unknown;

  before(async () => {
    governed = await Governed.open("localhost", {});
    await governed.deploy();
    expect(await governed.execute(governed.file("handover"))).to.equal(true);
  });

  beforeEach(async () => {
    snapshot = await governed.anvil.request("evm_snapshot");
  });

  afterEach(() => governed.anvil.request("evm_revert", [snapshot]));

  after(() => governed.close());

  const terms = (): Terms => JSON.parse(readFileSync(governed.file("terms"), "utf8")) as Terms;
  const feedOf = (market: string): Address =>
    terms().markets[market]?.sources[0]?.feed ?? governed.parameters.authority.governor;
  const authority = () => governed.parameters.authority;
  const batch = (name: string, step: string): string => join(governed.folder, `${name}.${step}.json`);

  /** What the command says, which must have worked. */
  async function says(...args: string[]): Promise<string> {
    const { code, out, error } = await governed.ballast(...args);
    expect([code, error]).to.deep.equal([0, ""]);
    return out;
  }

  const propose = (...args: string[]): Promise<string> =>
    says("propose", ...args, "--authority", governed.file("roles"), "--out", governed.folder);

  const signs = async (name: string, step = "call"): Promise<void> => {
    expect(await governed.execute(batch(name, step)), `${name}.${step}`).to.equal(true);
  };

  /** Lets time pass; every feed but those of these markets goes on speaking. */
  async function later(seconds: number, ...silent: string[]): Promise<void> {
    await governed.pass(seconds);
    const { quote, markets } = terms();
    const speaking = Object.entries(markets).filter(([name]) => !silent.includes(name));
    const prices: Record<string, bigint> = { ETH: 2_000n, WETH: 2_000n, BTC: 60_000n };
    const feeds = speaking.map(([name, { sources }]) => [sources[0]?.feed, prices[name] ?? 1n] as const);
    for (const [feed, price] of [...feeds, [quote.sources[0]?.feed, 1n] as const])
      if (feed !== undefined) await answer(feed, price);
  }

  const answer = (feed: Address, price: bigint): Promise<boolean> =>
    governed.send(ANYBODY, feed, encodeFunctionData({ abi: FEED, args: [price * 10n ** 8n] }));

  /** Proposes, signs, waits as long as it takes, executes. */
  async function change(seconds: number, ...args: string[]): Promise<void> {
    await propose(...args);
    await signs(args[1] ?? "", "schedule");
    await later(seconds);
    await signs(args[1] ?? "", "execute");
  }

  it("oracle failure: a market whose feed fell silent goes on with another, before anybody may end it", async () => {
    await later(25 * HOUR, "ETH");
    expect(await says("status")).to.match(/^ETH +perp +Active +Stale +2000 +\d+s/m);
    await propose("riskConfigurator", "tighten", "ETH", "Halted", "--as", "guardian");
    await signs("tighten");
    expect(await says("status")).to.match(/^ETH +perp +Halted /m);
    const spare = feedOf("WETH");
    const connection = await network.create({ network: "localhost", override: { url: governed.anvil.url } });
    const source = await deploySource({ connection, parameters: governed.parameters, feed: spare, heartbeat: 86_400n });
    await propose("oracleRouter", "setSources", "ETH", JSON.stringify([{ source, maxAge: 86_400 }]), "1", "100");
    await signs("setSources", "schedule");
    await propose("riskConfigurator", "setState", "ETH", "Active");
    await signs("setState", "schedule");
    await later(12 * HOUR, "ETH");
    await signs("setSources", "execute");
    await later(36 * HOUR, "ETH");
    await signs("setState", "execute");
    expect(await says("status")).to.match(/^ETH +perp +Active +- +2000 /m);
    expect((await governed.ballast("markets", "--verify", "--terms", governed.file("terms"))).error).to.match(
      new RegExp(`markets.ETH.sources.0.feed is "${spare}", it should be "${feedOf("ETH")}"`),
    );
  });

  it("new market: its contracts are deployed once, the governor signs two batches, and it is listed with its pool", async () => {
    const { anvil, folder, parameters } = governed;
    const [feed, file] = [getAddress(`0x${"50".repeat(20)}`), join(folder, "sol.json")];
    const speak = async (): Promise<void> =>
      plantFeed(anvil.request, await governed.deployer(), feed, "SOL / USD", 150n * 10n ** 8n);
    const before = readFileSync(governed.file(), "utf8");
    const lines: string[] = [];
    const connection = await network.create({ network: "localhost", override: { url: anvil.url } });
    const run = (market: object) => {
      writeFileSync(file, JSON.stringify(market));
      const say = (line: string): void => void lines.push(line);
      return deployMarket({ connection, parameters, file, deployments: folder, say });
    };
    const feeds = [{ at: feed, pair: "SOL / USD", heartbeat: 86_400 }];
    const sol = { name: "SOL", asset: 5, feeds, quorum: 1, maxDivergence: 100, terms: { depth: "20e24" } };
    await refusal(run({ ...sol, feeds: [] }), /sol.json: feeds: /);
    await refusal(run({ ...sol, asset: 1 }), /asset 1 is listed already\n.*there is no feed of SOL \/ USD at/);
    await speak();
    await refusal(run(sol), /has 0 of 0.01 quote for the dust row/);
    const mint = encodeFunctionData({ abi: TOKEN, args: [await governed.deployer(), 10_000n] });
    expect(await governed.send(ANYBODY, await quoteToken(), mint)).to.equal(true);
    await refusal(run({ ...sol, terms: { breadth: 1 } }), /listPerp|terms/);
    const files = await run(sol);
    const sent = await governed.sent();
    expect(await run(sol)).to.deep.equal(files);
    expect(await governed.sent()).to.equal(sent);
    expect(await governed.execute(files.schedule)).to.equal(true);
    expect(await governed.execute(files.execute)).to.equal(false);
    await later(48 * HOUR);
    await speak();
    expect(await governed.execute(files.execute)).to.equal(true);
    await run(sol);
    expect(lines.at(-1)).to.match(/^SOL is listed; it is in /);
    expect((await readDeployment(governed.file())).markets["SOL"]).to.equal(5);
    expect(await says("markets")).to.match(/^SOL +5 +perp +Active +150 .* 20,?000,?000 /m);
    writeFileSync(governed.file(), before);
  });

  it("market failure: it is halted at once, and ends at its slow price once the timelock is over", async () => {
    await propose("riskConfigurator", "tighten", "BTC", "Halted", "--as", "guardian");
    await signs("tighten");
    await change(48 * HOUR, "oracleRouter", "fix", "BTC");
    await propose("riskConfigurator", "windDown", "BTC");
    await signs("windDown");
    // Nobody held a leg: the market is gone, and its slot free.
    expect((await governed.ballast("market", "BTC")).error).to.contain("asset 2 is not listed");
  });

  it("key loss: the guardian is replaced by the governor, the governor by the recovery multisig", async () => {
    const { guardian, governor, recovery, delays } = authority();
    await change(delays.admin, "accessManager", "revokeRole", "guardian", guardian);
    await change(delays.admin, "accessManager", "grantRole", "guardian", NEW, "0");
    const roles = { chainId: governed.parameters.chainId, ...authority(), guardian: NEW };
    const own = readFileSync(governed.file("roles"), "utf8");
    writeFileSync(governed.file("roles"), JSON.stringify(roles));
    expect((await governed.verify()).error).to.equal("");

    const as = ["--as", "recovery"];
    for (const role of ["admin", "parameters", "guardian", "treasury", "prices"])
      await change(delays.admin, "accessManager", "revokeRole", role, governor, ...as);
    const lost = await governed.verify();
    expect([lost.code, lost.error]).to.deep.equal([5, lost.error]);
    expect(lost.error).to.contain(`${governor} lacks the role admin`);
    const next = getAddress(`0x${"a7".repeat(20)}`);
    const waits = {
      admin: delays.admin,
      parameters: delays.parameters,
      guardian: 0,
      treasury: delays.treasury,
      prices: delays.prices,
    };
    for (const [role, delay] of Object.entries(waits))
      await change(delays.admin, "accessManager", "grantRole", role, next, String(delay), ...as);
    writeFileSync(governed.file("roles"), JSON.stringify({ ...roles, governor: next }));
    expect((await governed.verify()).error).to.equal("");
    expect(await says("roles")).to.match(new RegExp(`^admin +${recovery} `, "m"));
    writeFileSync(governed.file("roles"), own);
  });

  it("stolen key: what a thief schedules as governor is cancelled, by the guardian or by the recovery multisig", async () => {
    await propose("exchange", "setFees", '{"maker":9000,"taker":9000}');
    await signs("setFees", "schedule");
    expect(await says("roles")).to.match(new RegExp(`^exchange.setFees +${authority().governor} `, "m"));
    await propose("exchange", "setFees", '{"maker":9000,"taker":9000}', "--cancel", "--as", "guardian");
    await signs("setFees", "cancel");
    expect(await says("roles")).not.to.contain("scheduled");
    await propose("accessManager", "grantRole", "admin", NEW, "0");
    await signs("grantRole", "schedule");
    const refused = await governed.ballast(
      ...["propose", "accessManager", "grantRole", "admin", NEW, "0", "--cancel", "--as", "guardian"],
      ...["--authority", governed.file("roles"), "--out", governed.folder],
    );
    expect(refused.code).to.equal(4);
    await propose("accessManager", "grantRole", "admin", NEW, "0", "--cancel", "--as", "recovery");
    await signs("grantRole", "cancel");
    await later(authority().delays.admin);
    expect(await governed.execute(batch("grantRole", "execute"))).to.equal(false);
  });

  it("insurance empty: markets take nobody new until somebody has paid into it", async () => {
    expect(await says("status")).to.match(/^insurance +0$/m);
    for (const market of ["ETH", "BTC"]) {
      await propose("riskConfigurator", "tighten", market, "ReduceOnly", "--as", "guardian");
      await signs("tighten");
    }
    expect(await says("status")).to.match(/^ETH +perp +ReduceOnly .*\nBTC +perp +ReduceOnly /m);
    const { governor } = authority();
    const amount = parseUnits("100000", 6);
    const { addresses } = await readDeployment(governed.file());
    await governed.send(ANYBODY, await quoteToken(), encodeFunctionData({ abi: TOKEN, args: [governor, amount] }));
    await propose("quote", "approve", addresses.clearingHouse, String(amount));
    await signs("approve");
    await propose("clearingHouse", "deposit", "insurance", "quote", String(amount));
    await signs("deposit");
    expect(await says("status")).to.match(/^insurance +100000$/m);
    await change(48 * HOUR, "riskConfigurator", "setState", "ETH", "Active");
    expect(await says("status")).to.match(/^ETH +perp +Active /m);
  });

  const own = (): string[] => ["--authority", governed.file("roles"), "--out", governed.folder];

  it("wrong parameter: it is found by its number, and put right after the timelock", async () => {
    await change(48 * HOUR, "riskConfigurator", "setDepth", "ETH", "5e24");
    const { code, error } = await governed.ballast("markets", "--verify", "--terms", governed.file("terms"));
    expect(code).to.equal(5);
    const right = "50000000000000000000000000";
    expect(error).to.contain(`markets.ETH.config.depth is "5000000000000000000000000", it should be "${right}"`);
    await change(48 * HOUR, "riskConfigurator", "setDepth", "ETH", right);
    expect(await says("markets", "--verify", "--terms", governed.file("terms"))).to.contain("verified: all terms");
    const refused = await governed.ballast(
      "propose",
      "riskConfigurator",
      "tighten",
      "ETH",
      "Active",
      ...own(),
      "--as",
      "guardian",
    );
    expect([refused.code, refused.error]).to.deep.equal([4, refused.error]);
    expect(refused.error).to.match(/tight/);
  });

  it("migration: the old markets end, the new deployment is verified, and everybody takes out what is his", async () => {
    const { addresses } = await readDeployment(governed.file());
    const { clearingHouse } = addresses;
    const account = accountId(ANYBODY);
    const amount = parseUnits("250", 6);
    const house = (functionName: "deposit" | "withdraw", ...rest: [] | [Address]): Promise<boolean> => {
      const args = [account, 0, amount, ...rest] as const;
      return governed.send(ANYBODY, clearingHouse, encodeFunctionData({ abi: clearingHouseAbi, functionName, args }));
    };
    const token = await quoteToken();
    await governed.send(ANYBODY, token, encodeFunctionData({ abi: TOKEN, args: [ANYBODY, amount] }));
    await governed.send(
      ANYBODY,
      token,
      encodeFunctionData({ abi: erc20Abi, functionName: "approve", args: [clearingHouse, amount] }),
    );
    expect(await house("deposit")).to.equal(true);

    for (const market of ["ETH", "BTC"]) {
      await propose("riskConfigurator", "tighten", market, "ReduceOnly", "--as", "guardian");
      await signs("tighten");
      await change(48 * HOUR, "oracleRouter", "fix", market);
      await propose("riskConfigurator", "windDown", market);
      await signs("windDown");
    }
    const next = await governed.deployAgain();
    expect(next.addresses.clearingHouse).not.to.equal(clearingHouse);
    expect(await says("account", formatAccount(account))).to.match(/^withdrawable +250 /m);
    expect(await house("withdraw", ANYBODY)).to.equal(true);
    expect(await says("account", formatAccount(account))).to.match(/^cash +0$/m);
  });

  /** Where the token is, as the batch says that approves it. */
  async function quoteToken(): Promise<Address> {
    await propose("quote", "approve", ANYBODY, "0");
    const { transactions } = JSON.parse(readFileSync(batch("approve", "call"), "utf8")) as {
      transactions: { to: Address }[];
    };
    return transactions[0]?.to as Address;
  }
});
