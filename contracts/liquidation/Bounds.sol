// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {ILiquidator} from "../interfaces/ILiquidator.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {Chain, Terms} from "./Chain.sol";

/// @notice What no authority can set the terms of the closing chain to.
library Bounds {
    /// @dev Basis points, seconds, quote.
    uint256 internal constant MIN_TARGET = 1_05_00;
    uint256 internal constant MAX_TARGET = 2_00_00;
    uint256 internal constant MAX_INCENTIVE = 80_00;
    uint256 internal constant MAX_SHARE = 50_00;
    uint256 internal constant MAX_IMPACT = 2_00;
    uint256 internal constant MIN_IN_FLIGHT = 10;
    uint256 internal constant MAX_LATENCY = 60;
    uint256 internal constant MAX_TIP = 100e18;

    function setTerms(Chain storage chain, AssetId asset, Terms calldata terms) external {
        requireWithin("target", terms.target, MIN_TARGET, MAX_TARGET);
        requireWithin("incentive", terms.incentive, 0, MAX_INCENTIVE);
        requireWithin("penalty", terms.penalty, 0, terms.incentive);
        requireWithin("reduceImpact", terms.reduceImpact, 0, MAX_IMPACT);
        requireWithin("window", terms.window, 0, MAX_SHARE);
        requireWithin("inFlight", terms.inFlight, MIN_IN_FLIGHT, MAX_SHARE);
        requireWithin("latency", terms.latency, 0, MAX_LATENCY);
        requireWithin("backstop", terms.backstop, 0, MAX_SHARE);
        requireWithin("tip", terms.tip, 0, MAX_TIP);
        emit ILiquidator.TermsSet(asset, chain.terms[asset], terms);
        chain.terms[asset] = terms;
    }

    /// @dev Only an account can carry what nobody took; zero is none.
    function setBackstop(Chain storage chain, AccountId backstop) external {
        bool possible = AccountId.unwrap(backstop) == 0 || backstop.ownerOf() != address(0);
        require(possible, IClearingHouse.ReservedRow(backstop));
        emit ILiquidator.BackstopSet(chain.backstop, backstop);
        chain.backstop = backstop;
    }

    function requireWithin(bytes32 term, uint256 value, uint256 lower, uint256 upper) private pure {
        require(value >= lower && value <= upper, ILiquidator.TermOutOfBounds(term, value, lower, upper));
    }
}
