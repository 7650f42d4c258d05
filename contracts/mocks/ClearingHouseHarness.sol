// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Accounting} from "../core/Accounting.sol";
import {ClearingHouse} from "../core/ClearingHouse.sol";
import {Deleveraging} from "../core/Deleveraging.sol";
import {Exchanging} from "../core/Exchanging.sol";
import {Ledger, Loser} from "../core/Ledger.sol";
import {Pricing} from "../core/Pricing.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {AccountId, accountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";
import {DUST, INSURANCE, deficitRow} from "../types/Rows.sol";

/// @notice The clearing house with offset and share events at hand, so that campaigns reach every state of the storage
/// they will act on.
contract ClearingHouseHarness is ClearingHouse {
    using Accounting for Ledger;
    using Exchanging for Ledger;
    using Pricing for Ledger;

    constructor(address quote, address oracle_, address configurator_) ClearingHouse(quote, oracle_, configurator_) {}

    function forceOffset(
        AccountId account,
        AssetId asset,
        uint256 size
    ) external nonReentrant forgetting returns (uint256 closed) {
        uint256 mark = ledger.latchOne(IOracle(oracle), asset).mark;
        int256 cash;
        int256 left;
        (closed, cash, left) = Deleveraging.offset(ledger, account, asset, size, mark);
        ledger.addCash(account, cash);
        ledger.listLeg(account, asset, left != 0);
    }

    function forceShare(AssetId asset, bool long) external nonReentrant forgetting returns (uint256 paid) {
        uint256 mark = ledger.latchOne(IOracle(oracle), asset).mark;
        uint256 deficit = uint256(-cashOf(deficitRow(asset)));
        uint256 dust;
        (paid, dust) = Deleveraging.share(ledger, asset, long, deficit, mark, type(uint256).max);
        ledger.addCash(DUST, int256(dust));
        if (paid != 0) ledger.reduceDeficit(asset, paid);
    }

    /// @dev A loss out of nothing: what the account gains stands in the deficit row.
    function bookSynthetic(AssetId asset, AccountId account, uint256 amount) external nonReentrant forgetting {
        ledger.bookDeficit(asset, account, amount, Loser.Unknown);
    }

    /// @dev Spot of the caller's first account, as if insurance had bought it.
    function giveInsurance(AssetId asset, uint256 size) external nonReentrant forgetting {
        ledger.resizeSpot(accountId(msg.sender, 0), asset, -int256(size));
        ledger.resizeSpot(INSURANCE, asset, int256(size));
    }

    /// @dev A funding rate that stays, as of a skew that has stood for long.
    function setFundingRate(AssetId asset, int32 rate) external nonReentrant forgetting {
        ledger.latchOne(IOracle(oracle), asset);
        ledger.perps[asset].conditions.fundingRate = rate;
        ledger.perps[asset].conditions.fundingTarget = rate;
        emit IClearingHouse.ConditionsChanged(asset, ledger.perps[asset].conditions);
    }
}
