// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ILiquidator} from "../interfaces/ILiquidator.sol";
import {ILotTaker} from "../interfaces/ILotTaker.sol";

/// @notice Makes the calls it is told to make, in its callback and outside, and keeps what came of each.
contract CallbackBidder is ILotTaker {
    enum Ending {
        Return,
        Revert,
        BurnGas,
        HugeRevert
    }

    struct Call {
        address to;
        bytes data;
    }

    struct Outcome {
        bool succeeded;
        bytes returned;
    }

    error Scripted();

    Call[] private calls;
    Outcome[] private outcomes;
    Ending public ending;
    uint256 public taken;

    /// @param calls_ what the next callbacks do
    function setScript(Call[] calldata calls_, Ending ending_) external {
        delete calls;
        for (uint256 i = 0; i < calls_.length; ++i) calls.push(calls_[i]);
        ending = ending_;
    }

    /// @notice Bids, then makes further calls in the same transaction.
    function bid(
        ILiquidator liquidator,
        ILiquidator.Bid calldata terms,
        Call[] calldata then
    ) external returns (Outcome[] memory results) {
        liquidator.bid(terms);
        return perform(then);
    }

    function perform(Call[] calldata calls_) public returns (Outcome[] memory results) {
        results = new Outcome[](calls_.length);
        for (uint256 i = 0; i < calls_.length; ++i) {
            (results[i].succeeded, results[i].returned) = calls_[i].to.call(calls_[i].data);
        }
    }

    /// @inheritdoc ILotTaker
    function onTaken(ILiquidator.Taken calldata, bytes calldata) external {
        ++taken;
        delete outcomes;
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool succeeded, bytes memory returned) = calls[i].to.call(calls[i].data);
            outcomes.push(Outcome(succeeded, returned));
        }
        if (ending == Ending.Revert) revert Scripted();
        if (ending == Ending.BurnGas) while (true) {}
        if (ending == Ending.HugeRevert) {
            assembly ("memory-safe") {
                revert(0, 1000000)
            }
        }
    }

    /// @notice What came of the calls of the last callback.
    function outcomesOf() external view returns (Outcome[] memory) {
        return outcomes;
    }
}
