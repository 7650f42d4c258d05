export { BallastError } from "./base.js";
export { ContractError } from "./contract.js";
export * from "./classes.js";
export { decodeError, decodeReason, decodeRevert } from "./decode.js";
export * from "./input.js";
export * from "./other.js";
export * from "./outlook.js";
export * from "./setup.js";
export { type ErrorName, type Sentence, SENTENCES } from "./sentences.js";
