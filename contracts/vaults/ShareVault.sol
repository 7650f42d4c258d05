// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {FixedPoint} from "../libraries/math/FixedPoint.sol";
import {Shares} from "../libraries/Shares.sol";
import {Vesting} from "../libraries/Vesting.sol";
import {ShareToken} from "./ShareToken.sol";

/// @title The base of every vault with shares
/// @notice What the row is and how value gets in and out is up to the concrete vault; see IShareVault for the promises.
abstract contract ShareVault is ShareToken, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using Shares for Shares.Rate;
    using Shares for Shares.Request;
    using Vesting for Vesting.Locked;

    struct Claim {
        uint256 shares;
        uint256 assets;
        address receiver;
        address controller;
    }

    address public immutable asset;
    /// @dev What one token unit is in 1e18.
    uint256 internal immutable unit;
    /// @dev The row to one who leaves, locked gains included, when the last interaction ended.
    uint128 private value_;
    Vesting.Locked private gains;
    mapping(address controller => Shares.Request) private requests;

    constructor(address asset_, string memory name_, string memory symbol_) ShareToken(name_, symbol_) {
        require(asset_ != address(0), ZeroAddress());
        uint256 tokenDecimals = IERC20Metadata(asset_).decimals();
        require(tokenDecimals <= 18, TooManyDecimals(tokenDecimals, 18));
        asset = asset_;
        unit = 10 ** (18 - tokenDecimals);
    }

    function deposit(uint256 assets, address receiver) external returns (uint256) {
        return deposit(assets, receiver, 0, block.timestamp);
    }

    function deposit(
        uint256 assets,
        address receiver,
        uint256 leastShares,
        uint256 deadline
    ) public nonReentrant returns (uint256 shares) {
        requireTime(deadline);
        Shares.Rate memory rate = entryRate(open());
        uint256 most = roomAt(rate);
        require(assets <= most, AboveMaximum(assets, most));
        shares = rate.sharesDown(assets * unit);
        require(shares >= leastShares, BelowLimit(shares, leastShares));
        payIn(assets, shares, receiver);
    }

    function depositWithPermit(
        uint256 assets,
        address receiver,
        uint256 leastShares,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint256) {
        // A front-run permit leaves the allowance it was for: the transfer decides.
        try IERC20Permit(asset).permit(msg.sender, address(this), assets, deadline, v, r, s) {} catch {}
        return deposit(assets, receiver, leastShares, deadline);
    }

    function mint(uint256 shares, address receiver) external nonReentrant returns (uint256 assets) {
        Shares.Rate memory rate = entryRate(open());
        uint256 most = rate.sharesDown(roomAt(rate) * unit);
        require(shares <= most, AboveMaximum(shares, most));
        assets = FixedPoint.divUp(rate.valueUp(shares), unit);
        payIn(assets, shares, receiver);
    }

    function requestRedeem(uint256 shares, address controller, address owner) external returns (uint256) {
        return requestRedeem(shares, controller, owner, 0, block.timestamp);
    }

    function requestRedeem(
        uint256 shares,
        address controller,
        address owner,
        uint256 leastValue,
        uint256 deadline
    ) public nonReentrant returns (uint256) {
        requireTime(deadline);
        require(shares != 0, ZeroAmount());
        require(controller != address(0), ZeroAddress());
        Status memory current = open();
        if (msg.sender != owner && !isOperator[owner][msg.sender]) _spendAllowance(owner, msg.sender, shares);
        uint256 value = exitRate(current).valueDown(shares);
        require(value != 0, WorthNothing(shares));
        require(value >= leastValue, BelowLimit(value, leastValue));
        _transfer(owner, address(this), shares);
        addRequest(controller, shares, value);
        emit RedeemRequest(controller, owner, 0, msg.sender, shares);
        finish();
        return 0;
    }

    function redeem(uint256 shares, address receiver, address controller) external returns (uint256) {
        return redeem(shares, receiver, controller, 0, block.timestamp);
    }

    function redeem(
        uint256 shares,
        address receiver,
        address controller,
        uint256 leastAssets,
        uint256 deadline
    ) public nonReentrant returns (uint256 paid) {
        requireTime(deadline);
        (Shares.Request memory request, Shares.Rate memory rate) = openForClaim(controller);
        require(shares <= request.shares, AboveMaximum(shares, request.shares));
        uint256 assets = toUnits(request.due(rate, shares));
        paid = payOut(request, Claim(shares, assets, receiver, controller));
        require(paid >= leastAssets, BelowLimit(paid, leastAssets));
    }

    function withdraw(uint256 assets, address receiver, address controller) external returns (uint256) {
        return withdraw(assets, receiver, controller, type(uint256).max, 0, block.timestamp);
    }

    function withdraw(
        uint256 assets,
        address receiver,
        address controller,
        uint256 mostShares,
        uint256 leastAssets,
        uint256 deadline
    ) public nonReentrant returns (uint256 shares) {
        requireTime(deadline);
        (Shares.Request memory request, Shares.Rate memory rate) = openForClaim(controller);
        uint256 most = toUnits(request.due(rate, request.shares));
        require(assets <= most, AboveMaximum(assets, most));
        shares = request.sharesDue(rate, assets * unit);
        require(shares <= mostShares, AboveMaximum(shares, mostShares));
        uint256 paid = payOut(request, Claim(shares, assets, receiver, controller));
        require(paid >= leastAssets, BelowLimit(paid, leastAssets));
    }

    function sync() external nonReentrant {
        open();
        finish();
    }

    function totalAssets() external view returns (uint256) {
        return toUnits(exitRate(status()).value);
    }

    function convertToShares(uint256 assets) external view returns (uint256) {
        Shares.Rate memory rate = exitRate(status());
        rate.value += Shares.VIRTUAL_VALUE;
        return rate.sharesDown(assets * unit);
    }

    function convertToAssets(uint256 shares) external view returns (uint256) {
        return toUnits(exitRate(status()).valueDown(shares));
    }

    function maxDeposit(address) public view returns (uint256) {
        Status memory current = status();
        return current.equity < 0 ? 0 : roomAt(entryRate(current));
    }

    function maxMint(address) external view returns (uint256) {
        Status memory current = status();
        if (current.equity < 0) return 0;
        Shares.Rate memory rate = entryRate(current);
        return rate.sharesDown(roomAt(rate) * unit);
    }

    function previewDeposit(uint256 assets) external view returns (uint256) {
        return entryRate(status()).sharesDown(assets * unit);
    }

    function previewMint(uint256 shares) external view returns (uint256) {
        return FixedPoint.divUp(entryRate(status()).valueUp(shares), unit);
    }

    function previewRedeem(uint256) external pure returns (uint256) {
        revert AsynchronousRedemption();
    }

    function previewWithdraw(uint256) external pure returns (uint256) {
        revert AsynchronousRedemption();
    }

    function maxRedeem(address controller) external view returns (uint256) {
        (Shares.Request memory request, Shares.Rate memory rate, uint256 shares) = claimable(controller);
        uint256 due = request.due(rate, shares);
        uint256 free = available(due);
        if (free < due) {
            shares = FixedPoint.mulDivDown(shares, free, due);
            free = available(request.due(rate, shares));
        }
        return toUnits(free) == 0 ? 0 : shares;
    }

    function maxWithdraw(address controller) external view returns (uint256) {
        (Shares.Request memory request, Shares.Rate memory rate, uint256 shares) = claimable(controller);
        return toUnits(available(request.due(rate, shares)));
    }

    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256) {
        (uint256 shares, , uint256 claimableAt) = requestOf(controller);
        return requestId == 0 && block.timestamp < claimableAt ? shares : 0;
    }

    function claimableRedeemRequest(uint256 requestId, address controller) public view returns (uint256) {
        (uint256 shares, , uint256 claimableAt) = requestOf(controller);
        return requestId == 0 && block.timestamp >= claimableAt ? shares : 0;
    }

    function requestOf(address controller) public view returns (uint256 shares, uint256 value, uint256 claimableAt) {
        Shares.Request memory request = requestIn(controller, status().generation);
        return (request.shares, request.value, request.claimableAt);
    }

    /// @dev The shares for which something is due now.
    function claimable(
        address controller
    ) internal view returns (Shares.Request memory request, Shares.Rate memory rate, uint256 shares) {
        Status memory current = status();
        request = requestIn(controller, current.generation);
        if (block.timestamp >= request.claimableAt) shares = request.shares;
        rate = exitRate(current);
    }

    function status() public view returns (Status memory current) {
        Shares.Worth memory row = worth();
        (current.equity, current.entry, current.value) = (row.equity, row.entry, Shares.positive(row.exit));
        (current.generation, current.supply) = (generation, totalSupply());
        if (current.supply != 0 && row.equity <= 0) (current.supply, current.generation) = (0, generation + 1);
        // Without shares there is nobody from whom gains need to be kept.
        if (current.supply != 0) current.gains = gains.follow(value_, current.value, block.timestamp);
        current.locked = current.gains.lockedAt(block.timestamp);
    }

    function cooldown() public view virtual returns (uint256);

    function depositLimit() public view virtual returns (uint256) {
        return type(uint96).max;
    }

    /// @dev What of a value that is due may leave the row now.
    function available(uint256 due) internal view virtual returns (uint256) {
        return due;
    }

    /// @dev The same before and after `refresh` in one block.
    function worth() internal view virtual returns (Shares.Worth memory);

    /// @dev Token units that the vault holds, into the row.
    function moveIn(uint256 amount) internal virtual;

    /// @dev Token units out of the row; may pay less while a deficit stands.
    function moveOut(uint256 amount, address to) internal virtual returns (uint256 paid);

    /// @dev First in every entry that changes value or shares: latches what `worth` reads.
    function refresh() internal virtual {}

    /// @dev Last in each of them.
    function afterwards() internal virtual {}

    function open() private returns (Status memory current) {
        refresh();
        uint256 supply = totalSupply();
        current = status();
        if (current.generation != generation) {
            emit GenerationEnded(generation, supply);
            beginGeneration();
        }
        (value_, gains) = (fits(current.value), current.gains);
    }

    function openForClaim(address controller) private returns (Shares.Request memory request, Shares.Rate memory rate) {
        requireAuthority(controller);
        Status memory current = open();
        request = requestIn(controller, current.generation);
        require(request.claimableAt <= block.timestamp, BeforeCooldown(request.claimableAt, block.timestamp));
        rate = exitRate(current);
    }

    /// @dev What flows in and out is neither gain nor loss.
    function finishFlow() private {
        value_ = fits(Shares.positive(worth().exit));
        finish();
    }

    function finish() private {
        emit Valued(value_, gains.amount, gains.start, gains.end);
        afterwards();
    }

    function payIn(uint256 assets, uint256 shares, address receiver) private {
        require(assets != 0, ZeroAmount());
        require(shares != 0, WorthNothing(assets));
        require(receiver != address(0), ZeroAddress());
        IERC20(asset).safeTransferFrom(msg.sender, address(this), assets);
        moveIn(assets);
        _mint(receiver, shares);
        emit Deposit(msg.sender, receiver, assets, shares);
        finishFlow();
    }

    function payOut(Shares.Request memory request, Claim memory claim) private returns (uint256 paid) {
        require(claim.shares != 0, ZeroAmount());
        require(claim.assets != 0, WorthNothing(claim.shares));
        require(claim.receiver != address(0), ZeroAddress());
        request.value -= uint128(FixedPoint.mulDivUp(request.value, claim.shares, request.shares));
        request.shares -= uint128(claim.shares);
        store(claim.controller, request);
        _burn(address(this), claim.shares);
        // Whoever looks in from the token's transfer sees a flow here, not a loss.
        value_ -= uint128(claim.assets * unit);
        paid = moveOut(claim.assets, claim.receiver);
        emit Withdraw(msg.sender, claim.receiver, claim.controller, paid, claim.shares);
        finishFlow();
    }

    function addRequest(address controller, uint256 shares, uint256 value) private {
        Shares.Request memory request = requestIn(controller, generation);
        if (request.shares != 0) requireAuthority(controller);
        request.shares += uint128(shares);
        request.value = fits(request.value + value);
        request.claimableAt = uint64(block.timestamp + cooldown());
        store(controller, request);
    }

    function store(address controller, Shares.Request memory request) private {
        if (request.shares == 0) delete requests[controller];
        else requests[controller] = request;
        emit RequestChanged(controller, request.shares, request.value, request.claimableAt);
    }

    function requestIn(address controller, uint256 generation_) private view returns (Shares.Request memory request) {
        request = requests[controller];
        if (request.generation != generation_) return Shares.Request(0, 0, 0, uint64(generation_));
    }

    function entryRate(Status memory current) private pure returns (Shares.Rate memory) {
        require(current.equity >= 0, NegativeEquity(current.equity));
        return Shares.entryRate(current.supply, current.entry);
    }

    function exitRate(Status memory current) private pure returns (Shares.Rate memory) {
        return Shares.exitRate(current.supply, current.value, current.locked);
    }

    /// @dev In token units.
    function roomAt(Shares.Rate memory rate) private view returns (uint256) {
        return toUnits(FixedPoint.min(depositLimit(), rate.room()));
    }

    function toUnits(uint256 value) private view returns (uint256) {
        return FixedPoint.mulDivDown(value, 1, unit);
    }

    function requireTime(uint256 deadline) private view {
        require(block.timestamp <= deadline, DeadlinePassed(deadline, block.timestamp));
    }
}
