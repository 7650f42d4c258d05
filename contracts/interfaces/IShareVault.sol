// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {Vesting} from "../libraries/Vesting.sol";

/// @title Shares of one row of the ledger
/// @notice ERC-20 shares; deposits as in ERC-4626, redemptions by request as in ERC-7540, `share()` as in ERC-7575.
///
/// Scale: a `value` is quote in 1e18, shares have 18 decimals, `assets` are token units of quote.
/// Rounding: against the caller; what is left over stays with the other shares.
/// Prices: entrants pay what the row is worth with prices against them, gains that are locked included. Leavers get what it
/// is worth with prices against them, without the gains that are locked, and never more than when they asked.
/// Gains vest over 24 hours, merged by value; losses count at once and eat locked gains first.
/// Requests: one per controller, whose id is always 0; final; requested shares stay in the supply until they are claimed.
/// Generations: when the row has no equity left all shares and requests are worth nothing for good. The balances of the
/// next generation start at zero; there are no Transfer events for those that ended.
/// Views about value tell what a call on the same state does. Balances and supply are those of the last sync.
interface IShareVault is IERC4626, IERC165 {
    /// @notice What the next call finds and a sync now leaves.
    struct Status {
        uint256 generation;
        uint256 supply;
        /// At mark, to one who enters, and to one who leaves if nothing were locked.
        int256 equity;
        int256 entry;
        uint256 value;
        uint256 locked;
        Vesting.Locked gains;
    }

    event OperatorSet(address indexed controller, address indexed operator, bool approved);
    event RedeemRequest(
        address indexed controller,
        address indexed owner,
        uint256 indexed requestId,
        address sender,
        uint256 shares
    );
    /// @notice The whole of a controller's request as it stands now.
    event RequestChanged(address indexed controller, uint256 shares, uint256 value, uint256 claimableAt);
    /// @notice What the row is worth to leavers if nothing were locked, and what is: `locked` at `start`, nothing from `end`
    /// on, both in microseconds.
    event Valued(uint256 value, uint256 locked, uint256 start, uint256 end);
    /// @notice `supply` shares are worth nothing from now on.
    event GenerationEnded(uint256 indexed generation, uint256 supply);

    error ZeroAmount();
    error ZeroAddress();
    error TooManyDecimals(uint256 decimals, uint256 bound);
    error AboveMaximum(uint256 amount, uint256 most);
    error AboveBound(uint256 amount, uint256 bound);
    /// @notice So little that it rounds to nothing.
    error WorthNothing(uint256 amount);
    error BelowLimit(uint256 actual, uint256 least);
    error DeadlinePassed(uint256 deadline, uint256 now_);
    error BeforeCooldown(uint256 claimableAt, uint256 now_);
    error NegativeEquity(int256 equity);
    error NotControllerOrOperator(address controller, address caller);
    /// @notice What a request will be worth is not known before its cooldown ends.
    error AsynchronousRedemption();

    /// @notice As in ERC-4626, with the least shares to accept and the last second to do it.
    function deposit(
        uint256 assets,
        address receiver,
        uint256 leastShares,
        uint256 deadline
    ) external returns (uint256 shares);

    /// @notice As `deposit`, with the token's permit of the caller, whose deadline is the same. A permit somebody already
    /// used does not revert it.
    function depositWithPermit(
        uint256 assets,
        address receiver,
        uint256 leastShares,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint256 shares);

    /// @notice Takes shares of the owner into custody until `controller` claims what they are worth now, or at the claim if
    /// that is less. The caller is the owner or his operator or spends his allowance. Whoever adds to a request that is open
    /// starts its cooldown again, so only its controller and his operators can.
    function requestRedeem(uint256 shares, address controller, address owner) external returns (uint256 requestId);

    /// @param leastValue in 1e18
    function requestRedeem(
        uint256 shares,
        address controller,
        address owner,
        uint256 leastValue,
        uint256 deadline
    ) external returns (uint256 requestId);

    /// @notice Claims part of a request after its cooldown. While a deficit stands in the ledger it pays as little as a
    /// withdrawal of the same value.
    /// @return paid token units sent
    function redeem(
        uint256 shares,
        address receiver,
        address controller,
        uint256 leastAssets,
        uint256 deadline
    ) external returns (uint256 paid);

    /// @notice As `redeem`, for the shares that `assets` take, at most `mostShares`.
    function withdraw(
        uint256 assets,
        address receiver,
        address controller,
        uint256 mostShares,
        uint256 leastAssets,
        uint256 deadline
    ) external returns (uint256 shares);

    /// @notice Lets an operator request, add to and claim everything of the caller.
    function setOperator(address operator, bool approved) external returns (bool);

    /// @notice Books gains, losses and the end of a generation; anyone may.
    function sync() external;

    function isOperator(address controller, address operator) external view returns (bool);

    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);

    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);

    /// @notice A controller's request of this generation; all zero if there is none.
    function requestOf(address controller) external view returns (uint256 shares, uint256 value, uint256 claimableAt);

    function share() external view returns (address);

    /// @notice Seconds between a request and its claim.
    function cooldown() external view returns (uint256);

    /// @notice The value that still fits in.
    function depositLimit() external view returns (uint256);

    function status() external view returns (Status memory);
}
