// What a sender tells whoever counts and logs.
import type { Hex } from "viem";
import type { Outcome } from "./intent.js";
import type { Purpose } from "../store/store.js";

export type SendEvent =
  /** A node has it. */
  | {
      readonly kind: "sent";
      readonly nonce: number;
      readonly hash: Hex;
      readonly purpose: Purpose;
      readonly key?: string;
    }
  /** A deed or a cancel offers more. */
  | { readonly kind: "bumped"; readonly nonce: number; readonly hash: Hex; readonly key?: string }
  | { readonly kind: "cancelling"; readonly nonce: number; readonly hash: Hex; readonly key?: string }
  | { readonly kind: "filled"; readonly nonce: number; readonly hash: Hex }
  /** Also of intents of an earlier process, and of other instances that are gone. */
  | { readonly kind: "outcome"; readonly id: string; readonly key: string; readonly outcome: Outcome }
  /** The block that had it is gone: its outcome was none. */
  | { readonly kind: "reopened"; readonly nonce: number; readonly hash: Hex; readonly key?: string }
  | { readonly kind: "active"; readonly open: number }
  | { readonly kind: "standby"; readonly holder?: string }
  | { readonly kind: "trouble"; readonly error: unknown; readonly nonce?: number };

export type Observe = (event: SendEvent) => void;
