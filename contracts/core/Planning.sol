// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Reduction} from "../libraries/Reduction.sol";

/// @notice The planner's arithmetic as a linked library, for those that are large themselves.
library Planning {
    function plan(Reduction.Leg memory leg) external pure returns (Reduction.Plan memory) {
        return Reduction.plan(leg);
    }
}
