// Why a deployment does not go on.
import { BallastError } from "@ballast/sdk";

interface Missing {
  readonly fillIn: string;
  readonly what: string;
}

export class NetworkUnknown extends BallastError {
  override readonly name = "NetworkUnknown";
  override readonly retryable = false;
  override readonly args: { network: string; known: readonly string[] };

  constructor(network: string, known: readonly string[]) {
    super(`there are no parameters for ${network}; there are ${known.join(", ")}`);
    this.args = { network, known };
  }
}

export class ParametersIncomplete extends BallastError {
  override readonly name = "ParametersIncomplete";
  override readonly retryable = false;
  override readonly args: { network: string; missing: readonly string[] };

  constructor(network: string, missing: readonly Missing[]) {
    const list = missing.map(({ fillIn, what }) => `${fillIn} (${what})`).join(", ");
    super(`the parameters of ${network} lack ${list}: give --fill name=value`);
    this.args = { network, missing: missing.map(({ fillIn }) => fillIn) };
  }
}

export class FillInvalid extends BallastError {
  override readonly name = "FillInvalid";
  override readonly retryable = false;
  override readonly args: { fill: string; value: string };

  constructor(fill: string, value: string) {
    super(`--fill ${fill}=${value}: nothing asks for it, or it is no address with a right checksum`);
    this.args = { fill, value };
  }
}

/** Something that the deployment relies on is not as the parameters say. */
export class NotReady extends BallastError {
  override readonly name = "NotReady";
  override readonly retryable = true;
  override readonly args: { network: string; faults: readonly string[] };

  constructor(network: string, faults: readonly string[]) {
    super(`${network} is not ready:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
    this.args = { network, faults };
  }
}

/** The file of a new market says something that cannot be. */
export class MarketInvalid extends BallastError {
  override readonly name = "MarketInvalid";
  override readonly retryable = false;
  override readonly args: { file: string; fault: string };

  constructor(file: string, fault: string) {
    super(`${file}: ${fault}`);
    this.args = { file, fault };
  }
}

/** The journal tells of contracts that the chain does not have, or has with other code. */
export class JournalForeign extends BallastError {
  override readonly name = "JournalForeign";
  override readonly retryable = false;
  override readonly args: { journal: string; chainId: number; faults: readonly string[] };

  constructor(journal: string, chainId: number, faults: readonly string[]) {
    super(
      `the journal ${journal} does not tell of this chain ${chainId} (another node, or one that began anew):\n` +
        faults.map((fault) => `  ${fault}`).join("\n"),
    );
    this.args = { journal, chainId, faults };
  }
}

/** A step of the deployment failed; what was done stays done. */
export class StepFailed extends BallastError {
  override readonly name = "StepFailed";
  override readonly retryable = true;
  override readonly args: { reason: string };

  constructor(reason: string) {
    super(`the deployment stopped: ${reason}; the same command goes on from there`);
    this.args = { reason };
  }
}

/** The artifacts are of the build for tests. */
export class NotProduction extends BallastError {
  override readonly name = "NotProduction";
  override readonly retryable = false;
  override readonly args: { network: string };

  constructor(network: string) {
    super(`the artifacts are not of the production build, which ${network} takes: leave out --no-build`);
    this.args = { network };
  }
}

export class NotConfirmed extends BallastError {
  override readonly name = "NotConfirmed";
  override readonly retryable = false;
  override readonly args: { network: string };

  constructor(network: string) {
    super(`nobody confirmed: answer with the name ${network}, or give --yes`);
    this.args = { network };
  }
}

/** The node is of another chain than the parameters. */
export class WrongNetwork extends BallastError {
  override readonly name = "WrongNetwork";
  override readonly retryable = false;
  override readonly args: { network: string; expected: number; actual: number };

  constructor(network: string, expected: number, actual: number) {
    super(`${network} is chain ${expected}, the node is on chain ${actual}`);
    this.args = { network, expected, actual };
  }
}

/** There is no key to deploy with. */
export class DeployerMissing extends BallastError {
  override readonly name = "DeployerMissing";
  override readonly retryable = false;
  override readonly args: { network: string };

  constructor(network: string) {
    super(`${network} has no account to deploy with: npx hardhat keystore set DEPLOYER_KEY`);
    this.args = { network };
  }
}

/** A deployment is there that the journal knows nothing of: another one would be made beside it. */
export class JournalLost extends BallastError {
  override readonly name = "JournalLost";
  override readonly retryable = false;
  override readonly args: { file: string; journal: string };

  constructor(file: string, journal: string) {
    super(
      `${file} tells of a deployment of which the journal ${journal} knows nothing; bring the journal back, or move the file away`,
    );
    this.args = { file, journal };
  }
}

/** The deployer is no admin any more; what is left is for the governor. */
export class HandedOver extends BallastError {
  override readonly name = "HandedOver";
  override readonly retryable = false;
  override readonly args: { deployer: string; left: readonly string[] };

  constructor(deployer: string, left: readonly string[]) {
    super(`${deployer} has handed over authority; the governor may propose what is left: ${left.join(", ")}`);
    this.args = { deployer, left };
  }
}
