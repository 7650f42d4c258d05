// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPoint} from "./math/FixedPoint.sol";

/// @notice How much may come into a vault that holds inventory. While that is more than a tenth of its equity, a day's entries
/// are at most a fifth of it: whoever knows of a jump that the price of its shares does not cover gets no larger part of it.
library Entries {
    uint256 internal constant CALM = 10;
    uint256 internal constant PART = 5;
    uint256 internal constant PERIOD = 1 days;

    /// @notice What came in since the window began, and what may.
    struct Window {
        uint104 entered;
        uint104 most;
        uint48 start;
    }

    /// @notice The value that may still come in.
    function room(Window memory window, int256 equity, uint256 inventory) internal view returns (uint256) {
        if (equity <= 0 && inventory != 0) return 0;
        if (isCalm(equity, inventory)) return type(uint96).max;
        window = current(window, equity);
        return window.most > window.entered ? window.most - window.entered : 0;
    }

    /// @notice Counts what comes in; it is within the room.
    function enter(Window storage window, int256 equity, uint256 inventory, uint256 value) internal {
        if (isCalm(equity, inventory)) return;
        Window memory w = current(window, equity);
        w.entered += uint104(value);
        (window.entered, window.most, window.start) = (w.entered, w.most, w.start);
    }

    /// @dev A row with nothing in it opens to everybody.
    function isCalm(int256 equity, uint256 inventory) private pure returns (bool) {
        return equity <= 0 || inventory * CALM <= uint256(equity);
    }

    function current(Window memory window, int256 equity) private view returns (Window memory) {
        if (block.timestamp < window.start + PERIOD) return window;
        uint256 most = FixedPoint.mulDivDown(uint256(equity), 1, PART);
        return Window(0, uint104(FixedPoint.min(most, type(uint104).max)), uint48(block.timestamp));
    }
}
