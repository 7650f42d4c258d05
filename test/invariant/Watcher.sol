// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Assessor} from "../../contracts/core/Assessor.sol";
import {AssetConfig, AssetKind, AssetState, Budget} from "../../contracts/core/Ledger.sol";
import {Positions} from "../../contracts/core/Positions.sol";
import {IClearingHouse} from "../../contracts/interfaces/IClearingHouse.sol";
import {ILiquidator} from "../../contracts/interfaces/ILiquidator.sol";
import {BackstopPool} from "../../contracts/liquidation/BackstopPool.sol";
import {LiquidityPool} from "../../contracts/trading/LiquidityPool.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {AssetId} from "../../contracts/types/AssetId.sol";
import {Price, PriceStatus} from "../../contracts/types/Price.sol";
import {deficitRow} from "../../contracts/types/Rows.sol";
import {InsuranceVault} from "../../contracts/vaults/InsuranceVault.sol";
import {BallastTest} from "../support/BallastTest.sol";
import {Vm} from "forge-std/Vm.sol";

enum Action {
    Deposit,
    DepositSpot,
    Withdraw,
    WithdrawSpot,
    TransferCash,
    Trade,
    Close,
    Liquidate,
    Move,
    Wait,
    FundingRate,
    Offset,
    Share,
    Book,
    Cover,
    Settle,
    Batch,
    Donate,
    State,
    Owe,
    PoolTrade,
    Match,
    Execute,
    Cancel,
    Enter,
    Exit,
    ShareFees,
    Step,
    StepMany,
    Bid,
    TopUp,
    Crank,
    Sink,
    Pay,
    Wind,
    Stake,
    Unstake,
    Provide,
    Recede,
    Unwind,
    Snipe,
    Wash,
    Run,
    Dust,
    Guard,
    Loosen,
    Ration,
    Fault
}

/// @notice Sends every call of the campaign and hears what the ledger says of it; counts, and collects broken laws.
abstract contract Watcher is BallastTest {
    uint256 internal constant ACCOUNTS = 7;
    /// @dev Which of them is the pool of ETH.
    uint256 internal constant POOL = 4;
    /// @dev Which of them takes what the closing chain cannot sell.
    uint256 internal constant BACKSTOP = 6;
    uint256 internal constant MAX_MARK = 1_000_000e18;

    AccountId[] internal ids;
    address[] internal owners;
    LiquidityPool internal pool;
    InsuranceVault internal vault;
    BackstopPool internal backstop;
    uint256[48] public calls;
    uint256[48] public reverts;
    uint256 public steps;
    uint256 public debtSales;
    string public broken;
    mapping(bytes32 => bool) internal isBroken;

    /// @dev A market's rate at its last accrual.
    struct Seen {
        uint256 rate;
        uint256 time;
    }
    mapping(AssetId => Seen) internal seen;

    /// @dev What the ledger has told of a market's losses: what stands, and what of it insurance may pay.
    struct Loss {
        uint256 standing;
        uint256 coverable;
        bool heard;
    }
    mapping(AssetId => Loss) internal losses;
    /// @dev What insurance paid, for losses and for what nobody else would do.
    uint256 internal usedSoFar;
    uint256 internal standingSoFar;
    uint256 internal bookedSoFar;
    /// @dev Whether somebody was called back meanwhile, of whose calls some may have failed.
    bool internal calledBack;

    struct Gate {
        uint256 openInterest;
        bool shut;
    }

    struct Snapshot {
        int256 size;
        int256 cash;
        uint256 basis;
    }

    // ---- numbers

    /// @dev Every offset, forced or not, is a version of the other side.
    function offsets() public view returns (uint256) {
        return versions(ETH) + versions(BTC);
    }

    function versions(AssetId asset) internal view returns (uint256) {
        return house.sideOf(asset, true).version + house.sideOf(asset, false).version;
    }

    function stateOf(AssetId asset) internal view returns (AssetState) {
        (AssetConfig memory config, ) = house.configOf(asset);
        return config.state;
    }

    /// @dev Another market while this one cannot be traded.
    function openMarket(AssetId asset) internal view returns (AssetId) {
        if (asset != BTC) return asset;
        return kindOf(BTC) == AssetKind.None || stateOf(BTC) >= AssetState.Halted ? ETH : BTC;
    }

    function kindOf(AssetId asset) internal view returns (AssetKind) {
        (AssetConfig memory config, ) = house.configOf(asset);
        return config.kind;
    }

    function snapshot(AccountId account, AssetId asset) internal view returns (Snapshot memory) {
        Positions.PickedUp memory p = house.previewPosition(account, asset);
        return Snapshot(p.size, p.cash, p.basis);
    }

    function snapshots(AssetId asset) internal view returns (Snapshot[] memory all) {
        all = new Snapshot[](ACCOUNTS);
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            all[i] = snapshot(ids[i], asset);
            all[i].cash += owned(ids[i]);
        }
    }

    /// @dev Cash less the interest that has not been charged yet.
    function owned(AccountId account) internal view returns (int256) {
        (, uint256 interest) = house.debtOf(account);
        return house.cashOf(account) - int256(interest);
    }

    function stored(AccountId account, AssetId asset) internal view returns (Snapshot memory) {
        return
            Snapshot(
                house.positionOf(account, asset).size,
                house.cashOf(account),
                house.positionOf(account, asset).basis
            );
    }

    function unchanged(Snapshot memory a, Snapshot memory b) internal {
        if (a.size != b.size || a.basis != b.basis) fail_("LIQ-1");
    }

    /// @dev The part of profit that a share may take: 30 %, of a market that ends all of it; rounded up.
    function reserve(Snapshot memory s, uint256 mark, bool ends) internal pure returns (uint256) {
        int256 profit = value(s.size, mark) - value(s.size, s.basis);
        if (profit <= 0) return 0;
        return ends ? uint256(profit) + 1 : (uint256(profit) * 3) / 10 + 1;
    }

    /// @dev Independent of the contract's own rule: cross-multiplied health, solvent or not.
    function lowered(Assessor.Assessment memory a, Assessor.Assessment memory b) internal pure returns (bool) {
        if (a.maintenance == b.maintenance) return b.marginEquity + 1 < a.marginEquity;
        if (a.marginEquity <= 0) return b.equity + 1 < a.equity && b.equity < 0;
        if (b.maintenance == 0) return b.marginEquity < 0;
        return b.marginEquity * int256(a.maintenance) < a.marginEquity * int256(b.maintenance);
    }

    /// @dev INS-1: what was used counts, and there is never more of it than its part of the fund when the window began.
    function checkBudget(AssetId asset, Budget memory before, uint256 used) internal {
        Budget memory b = house.budgetOf(asset);
        if (b.hourUsed != before.hourUsed + used || b.dayUsed != before.dayUsed + used) fail_("INS-1");
        if (b.hourUsed > b.hourFund / 10 || b.dayUsed > b.dayFund / 4) fail_("INS-1");
    }

    function markOf(AssetId asset) internal view returns (uint256) {
        AssetId[] memory assets = new AssetId[](1);
        assets[0] = asset;
        return router.peek(assets)[0].mark;
    }

    function value(int256 size, uint256 price) internal pure returns (int256) {
        return (size * int256(price)) / 1e18;
    }

    function smaller(int256 a, int256 b) internal pure returns (int256) {
        return a < b ? a : b;
    }

    function min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }

    // ---- plumbing

    function send(Action action, address from, bytes memory data) internal returns (bool ok) {
        (ok, ) = sendTo(action, from, address(house), data);
    }

    function sendTo(
        Action action,
        address from,
        address to,
        bytes memory data
    ) internal returns (bool ok, bytes memory result) {
        (ok, result, ) = sendHeard(action, from, to, data);
    }

    /// @dev With what was told meanwhile.
    function sendHeard(
        Action action,
        address from,
        address to,
        bytes memory data
    ) internal returns (bool ok, bytes memory result, Vm.Log[] memory logs) {
        catchUp();
        vm.recordLogs();
        vm.prank(from);
        (ok, result) = to.call(data);
        logs = vm.getRecordedLogs();
        if (ok) hearLosses(logs);
        count(action, ok);
        if (!ok) checkTyped(action, result);
    }

    // ---- who pays

    /// @dev INS-1 and CHAIN-1: insurance pays at most four fifths of each loss, and what stands is what was booked less what
    /// somebody paid. What was told in a part that failed did not happen: then nothing of this can be said.
    function hearLosses(Vm.Log[] memory logs) internal {
        bool certain = !calledBack;
        calledBack = false;
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            if (topic == IClearingHouse.InsuranceUsed.selector) usedSoFar += abi.decode(logs[i].data, (uint256));
            if (topic == IClearingHouse.DeficitBooked.selector) bookedSoFar += abi.decode(logs[i].data, (uint256));
            if (topic == ILiquidator.StageFailed.selector || topic == ILiquidator.Skipped.selector) certain = false;
            if (topic == IClearingHouse.CallSkipped.selector) certain = false;
        }
        if (!certain) return recount();
        for (uint256 i = 0; i < logs.length; ++i) if (logs[i].emitter == address(house)) hearLoss(logs[i]);
        for (uint16 i = 0; i <= 3; ++i) checkLosses(AssetId.wrap(i));
    }

    function hearLoss(Vm.Log memory entry) private {
        bytes32 topic = entry.topics[0];
        bool booked = topic == IClearingHouse.DeficitBooked.selector;
        bool reduced = topic == IClearingHouse.DeficitReduced.selector;
        if (!booked && !reduced && topic != IClearingHouse.DeficitInsured.selector) return;
        Loss storage loss = losses[AssetId.wrap(uint16(uint256(entry.topics[1])))];
        uint256 amount = abi.decode(entry.data, (uint256));
        if (booked) book(loss, amount);
        else if (reduced) reduce(loss, amount);
        else insure(loss, amount);
    }

    /// @dev Interest that somebody paid with a deposit nobody listened to may have repaid a part.
    function catchUp() private {
        if (house.totalDeficit() != standingSoFar) recount();
    }

    function recount() private {
        standingSoFar = house.totalDeficit();
        for (uint16 i = 0; i <= 3; ++i) {
            Loss storage loss = losses[AssetId.wrap(i)];
            loss.standing = uint256(-house.cashOf(deficitRow(AssetId.wrap(i))));
            loss.coverable = house.perpOf(AssetId.wrap(i)).losses.coverable;
        }
    }

    function book(Loss storage loss, uint256 amount) private {
        loss.standing += amount;
        standingSoFar += amount;
        loss.coverable += (amount * 4) / 5;
        loss.heard = true;
    }

    function reduce(Loss storage loss, uint256 amount) private {
        if (amount > loss.standing) fail_("CHAIN-1");
        loss.standing -= min(amount, loss.standing);
        standingSoFar -= min(amount, standingSoFar);
        loss.coverable = min(loss.coverable, loss.standing);
        loss.heard = true;
    }

    function insure(Loss storage loss, uint256 amount) private {
        if (amount > loss.coverable) fail_("INS-1");
        loss.coverable -= min(amount, loss.coverable);
    }

    function checkLosses(AssetId asset) private {
        Loss storage loss = losses[asset];
        if (!loss.heard) return;
        loss.heard = false;
        if (house.cashOf(deficitRow(asset)) != -int256(loss.standing)) fail_("CHAIN-1");
    }

    // ---- breakers

    /// @dev What a market's open interest is before a trade, and whether it may grow.
    function gateOf(AssetId asset) internal view returns (Gate memory gate) {
        Price memory price = peekPrice(asset);
        Budget memory budget = house.budgetOf(asset);
        gate.openInterest = house.perpOf(asset).openInterest;
        uint256 tolerated = (gate.openInterest * price.mark) / 1e18 / 10_000;
        bool spent = budget.hourUsed != 0 && budget.hourUsed >= budget.hourFund / 10;
        spent = spent || (budget.dayUsed != 0 && budget.dayUsed >= budget.dayFund / 4);
        bool stands = uint256(-house.cashOf(deficitRow(asset))) > tolerated;
        gate.shut = spent || stands || stateOf(asset) != AssetState.Active || price.status != PriceStatus.Fresh;
    }

    function checkGate(AssetId asset, Gate memory gate) internal {
        if (gate.shut && house.perpOf(asset).openInterest > gate.openInterest) fail_("BREAK-1");
    }

    /// @dev Every failure is a typed error: no panic, no bare revert.
    function checkTyped(Action action, bytes memory reason) internal {
        if (reason.length < 4 || bytes4(reason) == 0x4e487b71 || bytes4(reason) == 0x08c379a0) {
            fail_(string.concat("UNTYPED-", vm.toString(uint256(action))));
        }
    }

    /// @dev What open positions need moves by at most two points an hour up and one down, whatever happens to prices.
    function checkRate(AssetId asset) internal {
        IClearingHouse.PerpView memory perp = house.perpOf(asset);
        Seen memory last = seen[asset];
        if (last.time == perp.accruedAt || perp.accruedAt == 0) return;
        uint256 rate = perp.conditions.maintenanceRate;
        uint256 elapsed = perp.accruedAt - last.time;
        if (last.time != 0) {
            if (rate > last.rate + (0.02e18 * elapsed) / 1 hours) fail_("RATE-1");
            if (rate + (0.01e18 * elapsed) / 1 hours < last.rate) fail_("RATE-1");
        }
        seen[asset] = Seen(rate, perp.accruedAt);
    }

    function count(Action action, bool ok) internal {
        checkRate(ETH);
        checkRate(BTC);
        ++steps;
        ++calls[uint256(action)];
        if (!ok) ++reverts[uint256(action)];
    }

    /// @dev A law that is looked at in several places says which of them.
    function fail_(string memory law, string memory what) internal {
        bytes32 id = keccak256(bytes(law));
        if (isBroken[id]) return;
        isBroken[id] = true;
        if (bytes(what).length != 0) law = string.concat(law, " (", what, ")");
        broken = string.concat(broken, bytes(broken).length == 0 ? "" : " ", law);
    }

    function fail_(string memory law) internal {
        fail_(law, "");
    }
}
