// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Minutes} from "../libraries/Minutes.sol";
import {AssetId} from "../types/AssetId.sol";
import {IClearingHouse} from "./IClearingHouse.sol";

/// @title Shares of the insurance row
/// @notice Stakers earn penalties, fees and interest, and lose what covers deficits. Covering needs no call here: the ledger
/// moves the cash, and every share is worth less at once.
///
/// Prices: who enters pays for the whole row, as if no deficit stood, with spot at the dearer of mark and fast. Who leaves
/// gets his part of the cash, of spot at the cheaper of the two less its haircut, less all that insurance may still have to
/// pay of standing deficits, however long budgets spread it: nobody enters cheaply before a cover, nobody leaves before it, and
/// a deficit costs an entrant the same whether it is booked right before he comes or right after.
/// Spot whose price is stale or in doubt: nobody enters, for any price might be too low, and it brings a leaver nothing, for
/// any might be too high. What it is worth when its price is fresh again vests as a gain of those who stayed.
/// Cash that may have to cover stays: leavers are paid from the rest, which grows as spot is sold.
/// What is in the row while there are no shares is nobody's: it backs the markets beside the stakers' part, earns and loses
/// with it, and can never be withdrawn. Who seeds it gives it away for good.
interface IInsuranceVault {
    /// @param paid token units of quote
    event SpotSold(
        AssetId indexed spot,
        address indexed buyer,
        uint256 size,
        uint256 price,
        uint256 paid,
        Minutes.Minute minute
    );

    /// @param allowance notional left of this minute
    error NothingForSale(AssetId spot, int256 held, uint256 amount, uint256 allowance);

    /// @notice Sells spot that the row holds to the caller, at the dearer of mark and fast less one percent: a wick sells
    /// nothing. Only at a fresh price, and at most a thousandth of live depth a minute: a wrong price sells little.
    /// @param amount token units of it; what is sold is less if row, minute or the hour's outflow leave less
    /// @param mostQuote token units of quote to pay for all of it; for a part of it, that part
    /// @return bought token units of the spot
    /// @return paid token units of quote
    function buySpot(
        AssetId spot,
        uint256 amount,
        uint256 mostQuote,
        uint256 deadline
    ) external returns (uint256 bought, uint256 paid);

    /// @notice What row, minute and the hour's outflow leave to be sold now, in 1e18.
    function forSale(AssetId spot) external view returns (uint256 size);

    function clearingHouse() external view returns (IClearingHouse);
}
