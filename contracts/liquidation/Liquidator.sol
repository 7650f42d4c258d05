// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {ILiquidationStage} from "../interfaces/ILiquidationStage.sol";
import {ILiquidator} from "../interfaces/ILiquidator.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {AuctionHouse} from "./AuctionHouse.sol";
import {Bounds} from "./Bounds.sol";
import {Chain, Terms} from "./Chain.sol";
import {Outlooks} from "./Outlooks.sol";
import {Waterfall} from "./Waterfall.sol";

/// @notice The entry of the closing chain and the only one with its capability: a facade over its libraries.
contract Liquidator is ILiquidator, ILiquidationStage, AccessManaged, ReentrancyGuardTransient {
    using AuctionHouse for Chain;
    using Bounds for Chain;
    using Waterfall for Chain;

    IClearingHouse public immutable clearingHouse;
    Chain internal chain;

    constructor(address authority, IClearingHouse clearingHouse_) AccessManaged(authority) {
        clearingHouse = clearingHouse_;
    }

    /// @inheritdoc ILiquidator
    function liquidate(
        AccountId account,
        AssetId asset,
        AccountId keeper
    ) external nonReentrant returns (Stage, uint256) {
        return chain.descend(clearingHouse, account, asset, keeper);
    }

    /// @inheritdoc ILiquidator
    function liquidateMany(Entry[] calldata entries, AccountId keeper) external returns (bytes[] memory reasons) {
        reasons = new bytes[](entries.length);
        for (uint256 i = 0; i < entries.length; ++i) {
            try this.liquidate(entries[i].account, entries[i].asset, keeper) {} catch (bytes memory reason) {
                // Who runs out of gas says nothing: that must not look like a success.
                if (reason.length == 0) reason = abi.encodeWithSelector(NoReason.selector);
                emit Skipped(i, reason);
                reasons[i] = reason;
            }
        }
    }

    /// @inheritdoc ILiquidator
    function bid(Bid calldata terms) external nonReentrant returns (uint256 size, uint256 price) {
        return chain.fill(clearingHouse, terms);
    }

    /// @inheritdoc ILiquidationStage
    function onTaken(bytes calldata data) external {
        require(msg.sender == address(clearingHouse), NotClearingHouse(msg.sender));
        AuctionHouse.hand(data);
    }

    /// @inheritdoc ILiquidator
    function setTerms(AssetId asset, Terms calldata terms) external restricted {
        chain.setTerms(asset, terms);
    }

    /// @inheritdoc ILiquidator
    function setBackstop(AccountId backstop_) external restricted {
        chain.setBackstop(backstop_);
    }

    /// @inheritdoc ILiquidator
    function outlook(AccountId account, AssetId asset) external view returns (Outlook memory) {
        return Outlooks.outlook(chain, clearingHouse, account, asset);
    }

    /// @inheritdoc ILiquidator
    function lotOf(AccountId account, AssetId asset) external view returns (LotView memory) {
        return chain.quote(clearingHouse, account, asset);
    }

    /// @inheritdoc ILiquidator
    function termsOf(AssetId asset) external view returns (Terms memory) {
        return chain.terms[asset];
    }

    /// @inheritdoc ILiquidator
    function flowOf(AssetId asset) external view returns (uint256 inFlight, uint256 windowLeft) {
        return Outlooks.flowOf(chain, clearingHouse, asset);
    }

    /// @inheritdoc ILiquidator
    function tipLeft(AccountId account) external view returns (uint256 since, uint256 left) {
        return (chain.episodes[account].since, chain.episodes[account].left);
    }

    /// @inheritdoc ILiquidator
    function backstop() external view returns (AccountId) {
        return chain.backstop;
    }
}
