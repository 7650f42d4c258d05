// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Names a row of the ledger: the owner's address in the upper 160 bits, a sub-id of his choice in the lower 96.
/// Ownership needs no storage, and every sub-id is an isolated margin account.
type AccountId is uint256;

using {ownerOf, subIdOf, equals as ==, differs as !=} for AccountId global;

function ownerOf(AccountId id) pure returns (address) {
    return address(uint160(AccountId.unwrap(id) >> 96));
}

function subIdOf(AccountId id) pure returns (uint96) {
    return uint96(AccountId.unwrap(id));
}

function equals(AccountId a, AccountId b) pure returns (bool) {
    return AccountId.unwrap(a) == AccountId.unwrap(b);
}

function differs(AccountId a, AccountId b) pure returns (bool) {
    return AccountId.unwrap(a) != AccountId.unwrap(b);
}

function accountId(address owner, uint96 subId) pure returns (AccountId) {
    return AccountId.wrap((uint256(uint160(owner)) << 96) | subId);
}
