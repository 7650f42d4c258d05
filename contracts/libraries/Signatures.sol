// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice Signatures of keys and of contracts (ERC-1271). A contract answers with bounded gas and one word, so that it can
/// spoil its own order but nobody's batch.
library Signatures {
    /// @dev Enough for a wallet with a few owners, or for one that verifies a passkey with a precompile.
    uint256 internal constant CONTRACT_GAS = 200_000;

    function valid(address signer, bytes32 hash, bytes calldata signature) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError problem, ) = ECDSA.tryRecoverCalldata(hash, signature);
        if (problem == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return signer.code.length != 0 && approved(signer, hash, signature);
    }

    function approved(address signer, bytes32 hash, bytes calldata signature) private view returns (bool) {
        bytes memory data = abi.encodeCall(IERC1271.isValidSignature, (hash, signature));
        bytes32 answer;
        bool ok;
        assembly ("memory-safe") {
            mstore(0, 0)
            ok := staticcall(CONTRACT_GAS, signer, add(data, 0x20), mload(data), 0, 0x20)
            ok := and(ok, gt(returndatasize(), 0x1f))
            answer := mload(0)
        }
        return ok && answer == bytes32(IERC1271.isValidSignature.selector);
    }
}
