import { BallastError } from "./base.js";
import { fill } from "./format.js";
import { SENTENCES, type ErrorName } from "./sentences.js";

/** A revert of a contract, with its decoded arguments. */
export abstract class ContractError<Name extends ErrorName, Args extends object> extends BallastError {
  override readonly name: Name;
  override readonly retryable: boolean;

  constructor(
    name: Name,
    override readonly args: Args,
  ) {
    super(fill(SENTENCES[name].text, args));
    this.name = name;
    this.retryable = SENTENCES[name].retryable;
  }
}
