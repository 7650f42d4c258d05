// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IPyth} from "@pythnetwork/pyth-sdk-solidity/IPyth.sol";
import {PythErrors} from "@pythnetwork/pyth-sdk-solidity/PythErrors.sol";
import {PythStructs} from "@pythnetwork/pyth-sdk-solidity/PythStructs.sol";
import {IPriceSource} from "../../interfaces/IPriceSource.sol";
import {FixedPoint} from "../../libraries/math/FixedPoint.sol";
import {MAX_PRICE, MIN_PRICE} from "../../types/Price.sol";

/// @notice A Pyth feed as a price source: anyone brings updates, nobody chooses among them.
contract PythSource is IPriceSource {
    uint256 public constant MAX_UPDATE_AGE = 5;
    uint256 internal constant MAX_CONFIDENCE = 2_000;

    /// @dev One slot.
    struct Stored {
        uint80 price;
        uint80 confidence;
        uint40 publishTime;
        /// When it came here.
        uint40 time;
    }

    IPyth public immutable pyth;
    bytes32 public immutable feedId;
    /// @notice The widest confidence that is stored, in basis points of the price.
    uint256 public immutable maxConfidence;
    Stored internal stored;

    event Updated(uint256 price, uint256 publishTime, uint256 confidence);

    error ZeroPyth();
    error ZeroFeedId();
    error MaxConfidenceOutOfBounds(uint256 maxConfidence, uint256 least, uint256 most);
    error FeeTooLow(uint256 paid, uint256 fee);
    error RefundFailed(address caller, uint256 amount);
    error UpdateNotNewer(uint256 publishTime, uint256 stored);
    error UpdateTooOld(uint256 publishTime, uint256 oldest);
    error UpdateFromFuture(uint256 publishTime, uint256 time);
    /// @notice Another update was published at or after `from`, before this one.
    error UpdateNotFirst(uint256 publishTime, uint256 from);
    error PriceNotPositive(int256 price);
    error PriceOutOfBounds(uint256 price, uint256 least, uint256 most);
    error ExponentOutOfBounds(int256 exponent, int256 least, int256 most);
    error ConfidenceTooWide(uint256 confidence, uint256 price, uint256 maxConfidence);
    error NoPriceStored();
    /// @notice The reason `reveal` reverts with.
    error Revealed(PythStructs.Price update);

    constructor(IPyth pyth_, bytes32 feedId_, uint256 maxConfidence_) {
        require(address(pyth_) != address(0), ZeroPyth());
        require(feedId_ != 0, ZeroFeedId());
        require(
            maxConfidence_ > 0 && maxConfidence_ <= MAX_CONFIDENCE,
            MaxConfidenceOutOfBounds(maxConfidence_, 1, MAX_CONFIDENCE)
        );
        pyth = pyth_;
        feedId = feedId_;
        maxConfidence = maxConfidence_;
    }

    /// @notice Stores the one update that counts now: the first that was published after the stored one, within the
    ///         last 5 s. Does nothing when this second has its update or when the update given is the stored one.
    ///         What the caller sent beyond Pyth's fee returns to it.
    /// @param updateData may hold several updates, for a caller that cannot know the second of its block: Pyth takes the
    ///        one that counts
    function update(bytes[] calldata updateData) external payable {
        // A second update in the same second would let its caller walk along the window and stop where it likes.
        uint256 fee = stored.time == block.timestamp ? 0 : advance(updateData);
        uint256 excess = msg.value - fee;
        if (excess == 0) return;
        (bool ok, ) = msg.sender.call{value: excess}("");
        require(ok, RefundFailed(msg.sender, excess));
    }

    /// @notice Always reverts, with the update as its reason, so that looking at it costs no fee.
    function reveal(bytes[] calldata updateData) external payable {
        revert Revealed(
            pyth.parsePriceFeedUpdates{value: msg.value}(updateData, feedIds(), 0, type(uint64).max)[0].price
        );
    }

    /// @inheritdoc IPriceSource
    function latestPrice() external view returns (uint256, uint256, uint256) {
        Stored memory last = stored;
        require(last.time != 0, NoPriceStored());
        return (last.price, last.publishTime, last.confidence);
    }

    /// @dev Several updates lie in the window, and any of them would pass `parsePriceFeedUpdates`. The unique parse
    ///      also wants the update before to lie outside: one update fits the time of the block, whoever brings it.
    function advance(bytes[] calldata updateData) internal returns (uint256 fee) {
        fee = pyth.getUpdateFee(updateData);
        require(msg.value >= fee, FeeTooLow(msg.value, fee));
        uint256 from = FixedPoint.max(uint256(stored.publishTime) + 1, block.timestamp - MAX_UPDATE_AGE);
        try
            pyth.parsePriceFeedUpdatesUnique{value: fee}(updateData, feedIds(), uint64(from), uint64(block.timestamp))
        returns (PythStructs.PriceFeed[] memory feeds) {
            store(feeds[0].price);
        } catch (bytes memory reason) {
            if (bytes4(reason) != PythErrors.PriceFeedNotFoundWithinRange.selector) rethrow(reason);
            requireStored(look(updateData, fee), from);
            fee = 0;
        }
    }

    function store(PythStructs.Price memory update_) internal {
        Stored memory next = convert(update_);
        stored = next;
        emit Updated(next.price, next.publishTime, next.confidence);
    }

    function convert(PythStructs.Price memory update_) internal view returns (Stored memory) {
        require(update_.price > 0, PriceNotPositive(update_.price));
        require(update_.expo >= -18 && update_.expo <= 0, ExponentOutOfBounds(update_.expo, -18, 0));
        uint256 scale = 10 ** uint256(int256(update_.expo) + 18);
        uint256 price = uint256(int256(update_.price)) * scale;
        uint256 confidence = update_.conf * scale;
        require(price >= MIN_PRICE && price <= MAX_PRICE, PriceOutOfBounds(price, MIN_PRICE, MAX_PRICE));
        require(confidence * 10_000 <= price * maxConfidence, ConfidenceTooWide(confidence, price, maxConfidence));
        return Stored(uint80(price), uint80(confidence), uint40(update_.publishTime), uint40(block.timestamp));
    }

    /// @dev Pyth says only that nothing fits. An update that is stored already is no fault of its bringer.
    function requireStored(PythStructs.Price memory update_, uint256 from) internal view {
        Stored memory last = stored;
        uint256 publishTime = update_.publishTime;
        if (publishTime == last.publishTime) {
            Stored memory same = convert(update_);
            if (same.price == last.price && same.confidence == last.confidence) return;
        }
        require(publishTime > last.publishTime, UpdateNotNewer(publishTime, last.publishTime));
        uint256 oldest = block.timestamp - MAX_UPDATE_AGE;
        require(publishTime >= oldest, UpdateTooOld(publishTime, oldest));
        require(publishTime <= block.timestamp, UpdateFromFuture(publishTime, block.timestamp));
        revert UpdateNotFirst(publishTime, from);
    }

    function look(bytes[] calldata updateData, uint256 fee) internal returns (PythStructs.Price memory update_) {
        try this.reveal{value: fee}(updateData) {} catch (bytes memory reason) {
            if (bytes4(reason) != Revealed.selector) rethrow(reason);
            assembly ("memory-safe") {
                update_ := add(reason, 0x24)
            }
        }
    }

    function feedIds() internal view returns (bytes32[] memory ids) {
        ids = new bytes32[](1);
        ids[0] = feedId;
    }

    function rethrow(bytes memory reason) internal pure {
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}
