// A keeper of a Ballast clearing house.
export type { Intent, Outcome, Sender, Sent, Ticket } from "./send/intent.js";
