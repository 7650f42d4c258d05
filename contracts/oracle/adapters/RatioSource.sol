// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPriceSource} from "../../interfaces/IPriceSource.sol";
import {FixedPoint, WAD} from "../../libraries/math/FixedPoint.sol";
import {MAX_PRICE, MIN_PRICE} from "../../types/Price.sol";

/// @notice The price of one source in units of another: as old as the older, as doubtful as both together.
contract RatioSource is IPriceSource {
    IPriceSource public immutable numerator;
    IPriceSource public immutable denominator;

    error ZeroTerm();
    error SameSource(address source);
    error TermPriceOutOfBounds(address source, uint256 price, uint256 least, uint256 most);
    error TermFromFuture(address source, uint256 updatedAt, uint256 time);
    error TermTooUncertain(address source, uint256 confidence, uint256 price);

    struct Term {
        uint256 price;
        uint256 updatedAt;
        uint256 confidence;
    }

    constructor(IPriceSource numerator_, IPriceSource denominator_) {
        require(address(numerator_) != address(0) && address(denominator_) != address(0), ZeroTerm());
        require(address(numerator_) != address(denominator_), SameSource(address(numerator_)));
        numerator = numerator_;
        denominator = denominator_;
    }

    /// @inheritdoc IPriceSource
    function latestPrice() external view returns (uint256 price, uint256 updatedAt, uint256 confidence) {
        Term memory n = read(numerator);
        Term memory d = read(denominator);
        price = FixedPoint.mulDivDown(n.price, WAD, d.price);
        updatedAt = FixedPoint.min(n.updatedAt, d.updatedAt);
        confidence = doubt(n, d, price);
    }

    /// @dev (n + cn) / (d - cd) - n / d, of the two ends of the ratio the one farther away: what the relative
    ///      confidences add up to, and their product.
    function doubt(Term memory n, Term memory d, uint256 price) internal pure returns (uint256) {
        if (n.confidence == 0 && d.confidence == 0) return 0;
        return FixedPoint.mulDivUp(n.price + n.confidence, WAD, d.price - d.confidence) - price;
    }

    /// @dev An unbounded term could overflow; a time to come would hide behind the other's.
    function read(IPriceSource source) internal view returns (Term memory term) {
        (term.price, term.updatedAt, term.confidence) = source.latestPrice();
        require(
            term.price >= MIN_PRICE && term.price <= MAX_PRICE,
            TermPriceOutOfBounds(address(source), term.price, MIN_PRICE, MAX_PRICE)
        );
        require(term.updatedAt <= block.timestamp, TermFromFuture(address(source), term.updatedAt, block.timestamp));
        require(term.confidence < term.price, TermTooUncertain(address(source), term.confidence, term.price));
    }
}
