// Every way a call can fail has a class: reverts of all contracts as viem and ethers bring them, and what is no revert.
import {
  CallFailed,
  ChainUnreachable,
  InsufficientCash,
  NotDeployed,
  NotOwnerOrOperator,
  OutOfBounds,
  Panicked,
  RevertedWithReason,
  RevertedWithoutReason,
  SENTENCES,
  UnknownChain,
  UnknownContractError,
  UnknownMarket,
  accountId,
  assetOf,
  clearingHouseAbi,
  createClient,
  decodeError,
  decodeReason,
  deploymentOf,
  getRows,
  parseDeployment,
  serializeDeployment,
  type BallastError,
} from "@ballast/sdk";
import { expect } from "chai";
import { network } from "hardhat";
import {
  createPublicClient,
  custom,
  encodeErrorResult,
  http,
  parseAbi,
  toFunctionSelector,
  toHex,
  type Abi,
} from "viem";
import { contractErrors, ErrorAmbiguous, requireOneShape, SentenceWrong } from "../../scripts/packages/errors.js";
import { outdated } from "../../scripts/packages/generate.js";
import { signatureOf, type Parameter } from "../../scripts/packages/abi.js";
import { addressesOf, describeWorld } from "../../scripts/clients.js";
import { deployLocal } from "../../scripts/local.js";
import { rejection } from "./support/rejection.js";

const OWNER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

/** Some value of a type. */
function sample({ type, components }: Parameter): unknown {
  if (components !== undefined) return Object.fromEntries(components.map((each) => [each.name, sample(each)]));
  const bits = /^u?int(\d+)$/.exec(type)?.[1];
  if (bits !== undefined) return Number(bits) <= 48 ? 1 : 3n;
  if (type === "address") return OWNER;
  if (type === "string") return "text";
  const bytes = /^bytes(\d+)$/.exec(type)?.[1];
  return bytes === undefined ? true : toHex("size", { size: Number(bytes) });
}

async function caught(promise: Promise<unknown>): Promise<BallastError> {
  return promise.then(
    () => {
      throw new TypeError("nothing was thrown");
    },
    (error: unknown) => decodeError(error),
  );
}

describe("SDK errors", () => {
  it("has a class with a sentence for every error of every contract, from generated files that are up to date", async () => {
    const root = process.cwd();
    expect(await outdated(root)).to.deep.equal([]);
    const errors = contractErrors(root);
    expect(errors.length).to.be.greaterThan(150);
    for (const { name, entry } of errors) {
      const inputs = entry.inputs ?? [];
      const args = inputs.map(sample);
      const data = encodeErrorResult({ abi: [entry] as unknown as Abi, errorName: entry.name, args });
      expect(data.slice(0, 10)).to.equal(toFunctionSelector(signatureOf(entry)));
      const error = decodeError(data);
      expect(error.name).to.equal(name);
      expect(Object.values(error.args)).to.deep.equal(args);
      expect(error.message).not.to.match(/[{}]|undefined|NaN/);
      expect(error.retryable).to.be.a("boolean");
    }
  });

  it("does not build while an error lacks its sentence, or a sentence its error", () => {
    const root = process.cwd();
    const { NoLot, ...others } = SENTENCES;
    const wrong = (text: string) => ({ ...SENTENCES, NoLot: { ...NoLot, text } });
    expect(() => contractErrors(root, others)).to.throw(SentenceWrong, "NoLot: no sentence for NoLot(uint256,uint16)");
    expect(() => contractErrors(root, { ...SENTENCES, Gone: NoLot })).to.throw(
      SentenceWrong,
      "Gone: no contract has it",
    );
    expect(() => contractErrors(root, wrong("{price}"))).to.throw(SentenceWrong, "NoLot: no argument price");
    expect(() => contractErrors(root, wrong("{asset:money}"))).to.throw(SentenceWrong, "NoLot: no format money");
  });

  it("has one class of every name, of one shape", () => {
    const clash = parseAbi(["error ZeroSource(uint16 asset)", "error ZeroSource()"]);
    expect(() => requireOneShape(clash)).to.throw(ErrorAmbiguous, "ZeroSource carries asset: number and ");
    const both = parseAbi([
      "error OutOfBounds(bytes32 parameter, uint256 value, uint256 lower, uint256 upper)",
      "error OutOfBounds(bytes32 parameter, int256 value, int256 lower, int256 upper)",
    ]);
    for (const entry of both) {
      const data = encodeErrorResult({ abi: [entry], args: [toHex("rate", { size: 32 }), 3n, 1n, 2n] });
      expect(decodeError(data)).to.be.instanceOf(OutOfBounds);
    }
  });

  it("decodes what viem and ethers throw, and what is not of the protocol", async () => {
    const { connection, house, ...world } = await deployLocal(await network.create());
    const [, alice] = await connection.ethers.getSigners();
    if (alice === undefined) throw new TypeError("no signer");
    const account = accountId(OWNER, 3n);
    const mine = accountId(alice.address as `0x${string}`);

    const stranger = await connection.ethers.getSigners().then((signers) => signers[5]);
    const args = [account, 0n, 5n, alice.address] as const;
    const ethers = await caught(house.connect(stranger).withdraw.staticCall(...args));
    expect(ethers).to.be.instanceOf(NotOwnerOrOperator);
    expect((ethers as NotOwnerOrOperator).args.account).to.equal(account);
    expect(ethers.message).to.contain(`${OWNER}/3`);

    const transport = custom({ request: (call) => connection.provider.request(call as never) }, { retryCount: 0 });
    const publicClient = createPublicClient({ transport });
    const address = (await house.getAddress()) as `0x${string}`;
    const call = { abi: clearingHouseAbi, address, functionName: "withdraw" } as const;
    const to = alice.address as `0x${string}`;
    const viem = await caught(publicClient.simulateContract({ ...call, args: [mine, 0, 5n, to], account: to }));
    expect(viem).to.be.instanceOf(InsufficientCash);
    expect(viem.args).to.deep.equal({ account: mine, cash: 0n, needed: 5n * 10n ** 12n });
    expect(viem.message).to.contain("has 0 of cash, 0.000005 are needed");
    const gone = { ...call, functionName: "cashOf", args: [mine], address: OWNER } as const;
    expect(await caught(publicClient.readContract(gone))).to.be.instanceOf(CallFailed);
    const addresses = { ...(await addressesOf({ ...world, connection, house })), lens: OWNER } as const;
    await rejection(getRows(createClient({ source: { publicClient }, addresses })), NotDeployed);
    const nobody = createClient({ source: { transport: http("http://127.0.0.1:9", { retryCount: 0 }) }, addresses });
    const silent = await rejection(getRows(nobody), ChainUnreachable);
    expect(silent.retryable).to.equal(true);
    expect(silent.message).to.not.contain("\n");
  });

  it("has classes for reasons, panics, nothing at all, and what nobody knows", () => {
    const reason = encodeErrorResult({
      abi: [{ type: "error", name: "Error", inputs: [{ type: "string" }] }],
      args: ["no"],
    } as never);
    expect(decodeError(reason)).to.be.instanceOf(RevertedWithReason).with.property("message", "reverted: no");
    const panic = encodeErrorResult({
      abi: [{ type: "error", name: "Panic", inputs: [{ type: "uint256" }] }],
      args: [0x11n],
    } as never);
    expect(decodeError(panic)).to.be.instanceOf(Panicked).with.property("message", "panicked with code 0x11");
    expect(decodeError("0x")).to.be.instanceOf(RevertedWithoutReason);
    expect(decodeError("0x12345678")).to.be.instanceOf(UnknownContractError);
    expect(decodeError("0xf4d678")).to.be.instanceOf(RevertedWithoutReason);
    expect(decodeError(`${toFunctionSelector("NoLot(uint256,uint16)")}00`)).to.be.instanceOf(UnknownContractError);
    expect(decodeReason("0x")).to.equal(undefined);
    expect(decodeError(new TypeError("not a revert"))).to.be.instanceOf(CallFailed);
    expect(decodeError(undefined)).to.be.instanceOf(CallFailed);
    const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    expect(decodeError({ cause: refused })).to.be.instanceOf(ChainUnreachable);
    const sent = Object.assign(new Error("refused by the wallet"), { transaction: { data: "0x12345678" } });
    expect(decodeError(sent)).to.be.instanceOf(CallFailed).with.property("message", "refused by the wallet");
  });

  it("knows chains and markets by name, and says what it knows", async () => {
    const world = await describeWorld(await deployLocal(await network.create()));
    expect(parseDeployment(JSON.parse(serializeDeployment(world)))).to.deep.equal(world);
    expect(deploymentOf(31_337, [world])).to.equal(world);
    expect(() => deploymentOf(5, [world])).to.throw(UnknownChain, "chain 5 has no known deployment; known are 31337");
    expect(() => parseDeployment({ chainId: 5, contracts: {} })).to.throw("contracts.accessManager is not an address");
    expect(() => parseDeployment({ chainId: -1, contracts: {} })).to.throw("chainId is not a whole number");
    expect(assetOf(world, "eth")).to.equal(1);
    expect(assetOf(world, "7")).to.equal(7);
    expect(() => assetOf(world, "DOGE")).to.throw(UnknownMarket, "there is no market DOGE; there are ETH, BTC, WETH");
  });
});
