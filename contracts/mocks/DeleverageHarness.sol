// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AssetKind, Ledger, Perp, Position} from "../core/Ledger.sol";
import {Deleveraging} from "../core/Deleveraging.sol";
import {Positions} from "../core/Positions.sol";
import {Deleverage} from "../libraries/Deleverage.sol";
import {Ticks} from "../libraries/Ticks.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {AccountId} from "../types/AccountId.sol";
import {AssetId} from "../types/AssetId.sol";

/// @notice Drives the deleverage arithmetic and its storage without margin, so that a campaign can reach any state.
contract DeleverageHarness {
    enum Kind {
        Trade,
        Offset,
        Share,
        Fund,
        Touch
    }

    enum Amount {
        Absolute,
        /// `amount` is a fraction (1e18 = all): of the seller's long or else the buyer's short or else the buyer's size
        /// (trade), of what can be offset (offset), of the side's notional (share).
        Fraction
    }

    struct Op {
        Kind kind;
        Amount mode;
        uint16 a;
        uint16 b;
        uint256 amount;
        uint256 price;
        int256 funding;
    }

    struct Member {
        int256 size;
        int256 cash;
        uint256 basis;
        /// Where the stored position is a member, and what was taken there per unit.
        bool long;
        uint256 tick;
        uint256 taken;
    }

    AssetId internal constant ASSET = AssetId.wrap(1);
    uint256 internal immutable accounts;
    Ledger internal ledger;
    mapping(uint256 => int256) internal cash;
    int256 internal row;
    int256 internal dust;
    bool internal viewIsTouch;

    constructor(uint256 accounts_, uint16 haircut_) {
        accounts = accounts_;
        (ledger.configs[ASSET].kind, ledger.configs[ASSET].haircut) = (AssetKind.Perp, haircut_);
        Perp storage perp = ledger.perps[ASSET];
        perp.long.multiplier = uint104(Deleverage.ONE);
        perp.short.multiplier = uint104(Deleverage.ONE);
    }

    /// @notice Runs the operations and reports the state after each, flat because a decoder of structs is what a campaign
    /// would wait for: executed, open interest, row, dust, epochs, whether the view was the touch, then the members.
    function run(Op[] calldata ops) external returns (uint256[] memory words) {
        words = new uint256[](ops.length * (6 + 6 * accounts));
        uint256 at_;
        for (uint256 i = 0; i < ops.length; ++i) {
            viewIsTouch = true;
            words[at_++] = execute(ops[i]);
            words[at_++] = ledger.perps[ASSET].openInterest;
            words[at_++] = uint256(row);
            words[at_++] = uint256(dust);
            words[at_++] = uint256(ledger.perps[ASSET].long.epoch) + ledger.perps[ASSET].short.epoch;
            words[at_++] = viewIsTouch ? 1 : 0;
            for (uint256 j = 0; j < accounts; ++j) at_ = write(words, at_, member(j));
        }
    }

    function write(uint256[] memory words, uint256 at_, Member memory m) internal pure returns (uint256) {
        words[at_++] = uint256(m.size);
        words[at_++] = uint256(m.cash);
        words[at_++] = m.basis;
        words[at_++] = m.long ? 1 : 0;
        words[at_++] = m.tick;
        words[at_++] = m.taken;
        return at_;
    }

    function member(uint256 i) public view returns (Member memory m) {
        Perp storage perp = ledger.perps[ASSET];
        Position memory position = ledger.positions[AccountId.wrap(i)][ASSET];
        Positions.PickedUp memory p = Positions.preview(perp, position, perp.fundingIndex, haircut());
        m = Member(p.size, cash[i] + p.cash, p.basis, position.size > 0, 0, 0);
        if (position.size == 0) return m;
        m.tick = Ticks.tickOf(position.basis);
        m.taken = Positions.sideOf(perp, position.size > 0).ticks[m.tick].taken;
    }

    function execute(Op calldata op) internal returns (uint256) {
        if (op.kind == Kind.Trade) return trade(op);
        if (op.kind == Kind.Offset) return offset(op);
        if (op.kind == Kind.Share) return share(op);
        if (op.kind == Kind.Fund) {
            ledger.perps[ASSET].fundingIndex += int128(op.funding);
            return 0;
        }
        Member memory seen = member(op.a);
        resize(op.a, 0, op.price);
        viewIsTouch = seen.size == ledger.positions[AccountId.wrap(op.a)][ASSET].size && seen.cash == cash[op.a];
        return 0;
    }

    function trade(Op calldata op) internal returns (uint256 size) {
        (, int256 buyer) = resize(op.a, 0, op.price);
        (, int256 seller) = resize(op.b, 0, op.price);
        size = op.amount;
        if (op.mode == Amount.Fraction) {
            int256 base = seller > 0 ? seller : buyer;
            size = FixedPoint.mulDown(FixedPoint.abs(base), op.amount);
        }
        if (size == 0 || size > 1e25 || op.a == op.b) return 0;
        if (ledger.perps[ASSET].openInterest + size > 1 << 95) return 0;
        int256 longs = positive(buyer) + positive(seller);
        int256 value = int256(FixedPoint.mulDown(size, op.price));
        (, buyer) = resize(op.a, int256(size), op.price);
        (, seller) = resize(op.b, -int256(size), op.price);
        cash[op.a] -= value;
        cash[op.b] += value;
        Perp storage perp = ledger.perps[ASSET];
        perp.openInterest = uint96(
            uint256(int256(uint256(perp.openInterest)) + positive(buyer) + positive(seller) - longs)
        );
    }

    function offset(Op calldata op) internal returns (uint256 closed) {
        (, int256 held) = resize(op.a, 0, op.price);
        uint256 size = op.amount;
        uint256 most = FixedPoint.min(FixedPoint.abs(held), ledger.perps[ASSET].openInterest);
        if (op.mode == Amount.Fraction) size = FixedPoint.mulUp(most, op.amount);
        int256 change;
        (closed, change, ) = Deleveraging.offset(ledger, AccountId.wrap(op.a), ASSET, size, op.price);
        cash[op.a] += change;
    }

    /// @dev `a` is the winning side: 0 longs, 1 shorts.
    function share(Op calldata op) internal returns (uint256) {
        uint256 deficit = op.amount;
        if (op.mode == Amount.Fraction) {
            deficit = FixedPoint.mulDown(FixedPoint.mulDown(ledger.perps[ASSET].openInterest, op.price), op.amount) + 1;
        }
        (uint256 paid, uint256 rest) = Deleveraging.share(
            ledger,
            ASSET,
            op.a == 0,
            deficit,
            op.price,
            type(uint256).max
        );
        row += int256(paid);
        dust += int256(rest);
        return paid;
    }

    function resize(uint256 i, int256 delta, uint256 mark) internal returns (int256 before, int256 afterwards) {
        int256 change;
        (change, before, afterwards) = Positions.resize(ledger, AccountId.wrap(i), ASSET, delta, mark);
        cash[i] += change;
    }

    function positive(int256 size) internal pure returns (int256) {
        return size > 0 ? size : int256(0);
    }

    function haircut() internal view returns (uint256) {
        return Positions.haircutOf(ledger, ASSET);
    }
}
