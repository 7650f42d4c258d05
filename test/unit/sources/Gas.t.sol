// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ArbitrumSequencerUptimeFeed} from "@chainlink/contracts/src/v0.8/l2ep/arbitrum/ArbitrumSequencerUptimeFeed.sol";
import {Flags} from "@chainlink/contracts/src/v0.8/l2ep/Flags.sol";
import {AggregatorV3Interface} from "@chainlink/contracts/src/v0.8/shared/interfaces/AggregatorV3Interface.sol";
import {IPyth} from "@pythnetwork/pyth-sdk-solidity/IPyth.sol";
import {MockPyth} from "@pythnetwork/pyth-sdk-solidity/MockPyth.sol";
import {IPriceSource} from "../../../contracts/interfaces/IPriceSource.sol";
import {ChainlinkSource} from "../../../contracts/oracle/adapters/ChainlinkSource.sol";
import {PythSource} from "../../../contracts/oracle/adapters/PythSource.sol";
import {RatioSource} from "../../../contracts/oracle/adapters/RatioSource.sol";
import {UniswapV3Reference} from "../../../contracts/oracle/adapters/UniswapV3Reference.sol";
import {AssetId} from "../../../contracts/types/AssetId.sol";
import {UniswapTest} from "../../support/UniswapTest.sol";

/// @notice What a price costs, the first time in a transaction and again: the router gives a source 120,000 gas.
contract SourceGasTest is UniswapTest {
    uint256 internal constant SOURCE_GAS = 120_000;
    bytes32 internal constant FEED = keccak256("ETH/USD");
    AggregatorV3Interface internal constant NONE = AggregatorV3Interface(address(0));

    AggregatorV3Interface internal uptime;
    PythSource internal pyth;
    mapping(string => IPriceSource) internal sources;

    function setUp() public override {
        super.setUp();
        uptime = AggregatorV3Interface(address(newUptimeFeed()));
        sources["Chainlink"] = chainlink(ETH, NONE, 0);
        sources["Chainlink, Arbitrum"] = chainlink(ETH, uptime, 60);
        sources["Ratio of Chainlink, Arbitrum"] = new RatioSource(
            chainlink(ETH, uptime, 60),
            chainlink(BTC, uptime, 60)
        );
        sources["Uniswap, quiet"] = new UniswapV3Reference(pool, address(token0), 60);
        pool.increaseObservationCardinalityNext(300);
        for (uint256 i = 0; i < 300; ++i) {
            vm.warp(block.timestamp + 12);
            shift(i % 2 == 0 ? 10_100 : 9_900);
        }
        vm.warp(block.timestamp + 12);
        sources["Uniswap, 300 observations"] = new UniswapV3Reference(pool, address(token0), 1_800);
        pyth = newPyth();
        sources["Pyth"] = pyth;
        vm.warp(block.timestamp + 61);
    }

    function test_LatestPrice_Chainlink() public {
        within("Chainlink");
    }

    function test_LatestPrice_ChainlinkOnArbitrum() public {
        within("Chainlink, Arbitrum");
    }

    function test_LatestPrice_RatioOnArbitrum() public {
        within("Ratio of Chainlink, Arbitrum");
    }

    function test_LatestPrice_Pyth() public {
        within("Pyth");
    }

    function test_LatestPrice_UniswapQuiet() public {
        within("Uniswap, quiet");
    }

    function test_LatestPrice_UniswapOfManyObservations() public {
        within("Uniswap, 300 observations");
    }

    function within(string memory name) internal {
        IPriceSource source = sources[name];
        uint256 left = gasleft();
        source.latestPrice{gas: SOURCE_GAS}();
        uint256 first = left - gasleft();
        left = gasleft();
        source.latestPrice{gas: SOURCE_GAS}();
        emit log_named_uint(string.concat(name, ", first"), first);
        emit log_named_uint(string.concat(name, ", again"), left - gasleft());
        assertLt(first, SOURCE_GAS);
    }

    function chainlink(AssetId asset, AggregatorV3Interface uptime_, uint256 grace) internal returns (ChainlinkSource) {
        return new ChainlinkSource(AggregatorV3Interface(address(feeds[asset])), 1 days, uptime_, grace);
    }

    function newUptimeFeed() internal returns (ArbitrumSequencerUptimeFeed made) {
        Flags flags = new Flags(address(0), address(0));
        flags.disableAccessCheck();
        made = new ArbitrumSequencerUptimeFeed(address(flags), stage);
        made.disableAccessCheck();
        made.initialize();
    }

    function newPyth() internal returns (PythSource made) {
        MockPyth mock = new MockPyth(60, 0);
        made = new PythSource(IPyth(address(mock)), FEED, 100);
        bytes[] memory data = new bytes[](1);
        uint64 time = uint64(block.timestamp);
        data[0] = mock.createPriceFeedUpdateData(FEED, 2_000e8, 1e8, -8, 2_000e8, 1e8, time, time - 6);
        made.update(data);
    }
}
