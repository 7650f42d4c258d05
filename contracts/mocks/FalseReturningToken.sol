// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TestToken} from "./TestToken.sol";

/// @notice How tokens answer that are older than the standard.
contract FalseReturningToken is TestToken {
    enum Answer {
        Standard,
        FalseOnFailure, // false where others revert
        AlwaysFalse, // false, and nothing moves
        Nothing // moves, and returns no data
    }

    Answer public answer;

    constructor(string memory name, string memory symbol, uint8 decimalPlaces) TestToken(name, symbol, decimalPlaces) {}

    function setAnswer(Answer answer_) external {
        answer = answer_;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        if (refuses(balanceOf(msg.sender) < value)) return false;
        super.transfer(to, value);
        return confirm();
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        if (refuses(balanceOf(from) < value || allowance(from, msg.sender) < value)) return false;
        super.transferFrom(from, to, value);
        return confirm();
    }

    function approve(address spender, uint256 value) public override returns (bool) {
        if (refuses(false)) return false;
        super.approve(spender, value);
        return confirm();
    }

    function refuses(bool fails) private view returns (bool) {
        return answer == Answer.AlwaysFalse || (fails && answer == Answer.FalseOnFailure);
    }

    /// @dev Ends the call without return data when the token answers nothing.
    function confirm() private view returns (bool) {
        if (answer == Answer.Nothing) {
            assembly ("memory-safe") {
                return(0, 0)
            }
        }
        return true;
    }
}
