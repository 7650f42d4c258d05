// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Margin} from "../../contracts/libraries/Margin.sol";
import {DeleverageHarness} from "../../contracts/mocks/DeleverageHarness.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {QUOTE} from "../../contracts/types/AssetId.sol";
import {INSURANCE, deficitRow} from "../../contracts/types/Rows.sol";
import {BallastTest} from "../support/BallastTest.sol";

/// @notice Replays the committed vectors to the wei.
contract VectorsTest is BallastTest {
    function read(string memory name) internal view returns (string memory) {
        return vm.readFile(string.concat("test/scenario/vectors/", name, ".json"));
    }

    // ---- deleverage

    function test_Deleverage_Main() public {
        replayDeleverage("deleverage-main");
    }

    function test_Deleverage_Share() public {
        replayDeleverage("deleverage-share");
    }

    function test_Deleverage_Storm() public {
        replayDeleverage("deleverage-storm");
    }

    function test_Deleverage_Dust() public {
        replayDeleverage("deleverage-dust");
    }

    function replayDeleverage(string memory name) internal {
        string memory json = read(name);
        uint256 accounts = vm.parseJsonUint(json, ".accounts");
        DeleverageHarness harness = new DeleverageHarness(accounts, uint16(vm.parseJsonUint(json, ".haircut")));
        uint256[] memory words = harness.run(operations(json));
        uint256 last = words.length - 6 * (accounts + 1);
        assertEq(words[last + 1], vm.parseJsonUint(json, ".openInterest"), "open interest");
        assertEq(int256(words[last + 2]), vm.parseJsonInt(json, ".row"), "row");
        assertEq(int256(words[last + 3]), vm.parseJsonInt(json, ".dust"), "dust");
        assertEq(words[last + 4], vm.parseJsonUint(json, ".epochs"), "epochs");
        int256[] memory size = vm.parseJsonIntArray(json, ".size");
        int256[] memory cash = vm.parseJsonIntArray(json, ".cash");
        uint256[] memory basis = vm.parseJsonUintArray(json, ".basis");
        for (uint256 i = 0; i < accounts; ++i) {
            DeleverageHarness.Member memory member = harness.member(i);
            assertEq(member.size, size[i], "size");
            assertEq(member.cash, cash[i], "cash");
            if (size[i] != 0) assertEq(member.basis, basis[i], "basis");
        }
    }

    function operations(string memory json) internal pure returns (DeleverageHarness.Op[] memory ops) {
        uint256[] memory kind = vm.parseJsonUintArray(json, ".kind");
        uint256[] memory a = vm.parseJsonUintArray(json, ".a");
        uint256[] memory b = vm.parseJsonUintArray(json, ".b");
        uint256[] memory amount = vm.parseJsonUintArray(json, ".amount");
        uint256[] memory price = vm.parseJsonUintArray(json, ".price");
        int256[] memory funding = vm.parseJsonIntArray(json, ".funding");
        ops = new DeleverageHarness.Op[](kind.length);
        for (uint256 i = 0; i < ops.length; ++i) {
            ops[i].kind = DeleverageHarness.Kind(kind[i]);
            (ops[i].a, ops[i].b) = (uint16(a[i]), uint16(b[i]));
            (ops[i].amount, ops[i].price, ops[i].funding) = (amount[i], price[i], funding[i]);
        }
    }

    // ---- margin

    function test_Margin() public view {
        string memory json = read("margin");
        int256[] memory size = vm.parseJsonIntArray(json, ".size");
        uint256[] memory price = vm.parseJsonUintArray(json, ".price");
        uint256[] memory basis = vm.parseJsonUintArray(json, ".basis");
        uint256[] memory depth = vm.parseJsonUintArray(json, ".depth");
        uint256[] memory haircut = vm.parseJsonUintArray(json, ".haircut");
        for (uint256 i = 0; i < size.length; ++i) {
            uint256 notional = Margin.notionalOf(size[i], price[i]);
            uint256 rate = vm.parseJsonUintArray(json, ".maintenanceRate")[i];
            uint256 maintenance = Margin.required(notional, rate, depth[i]);
            assertEq(maintenance, vm.parseJsonUintArray(json, ".maintenance")[i], "maintenance");
            rate = vm.parseJsonUintArray(json, ".initialRate")[i];
            uint256 initial = Margin.required(notional, rate, depth[i]);
            initial += Margin.reserve(size[i], price[i], basis[i], haircut[i]);
            assertEq(initial, vm.parseJsonUintArray(json, ".initial")[i], "initial");
            assertEq(Margin.value(size[i], price[i]), vm.parseJsonIntArray(json, ".value")[i], "value");
        }
    }

    // ---- the ledger

    struct Step {
        string verb;
        uint256 a;
        uint256 b;
        uint256 amount;
        uint256 price;
    }

    function test_Crash() public {
        string memory json = read("crash");
        string[] memory calls = vm.parseJsonStringArray(json, ".call");
        uint256[] memory a = vm.parseJsonUintArray(json, ".a");
        uint256[] memory b = vm.parseJsonUintArray(json, ".b");
        uint256[] memory amount = vm.parseJsonUintArray(json, ".amount");
        uint256[] memory price = vm.parseJsonUintArray(json, ".price");
        for (uint256 i = 0; i < calls.length; ++i) perform(Step(calls[i], a[i], b[i], amount[i], price[i]));
        int256[] memory cash = vm.parseJsonIntArray(json, ".cash");
        int256[] memory size = vm.parseJsonIntArray(json, ".size");
        for (uint256 i = 0; i < cash.length; ++i) {
            assertEq(house.cashOf(who(i)), cash[i], "cash");
            assertEq(house.positionOf(who(i), ETH).size, size[i], "size");
        }
        assertEq(house.cashOf(INSURANCE), vm.parseJsonInt(json, ".insurance"), "insurance");
        assertEq(house.cashOf(deficitRow(ETH)), vm.parseJsonInt(json, ".deficit"), "deficit");
        assertEq(house.reserveOf(QUOTE).held, vm.parseJsonUint(json, ".held"), "held");
    }

    function who(uint256 i) internal view returns (AccountId) {
        return [aliceId, bobId, carolId, keeperId][i];
    }

    function perform(Step memory step) internal {
        bytes32 verb = keccak256(bytes(step.verb));
        address owner = who(step.a).ownerOf();
        if (verb == keccak256("deposit")) fund(owner, who(step.a), step.amount);
        else if (verb == keccak256("insure")) insure(step.amount);
        else if (verb == keccak256("trade")) trade(ETH, who(step.a), who(step.b), step.amount, step.price);
        else if (verb == keccak256("price")) settlePrice(ETH, step.price);
        else if (verb == keccak256("liquidate"))
            liquidate(liquidation(ETH, who(step.a), who(step.b), step.amount, step.price));
        else if (verb == keccak256("pay")) house.pay(ETH, 0);
        else if (verb == keccak256("withdraw")) {
            vm.prank(owner);
            house.withdraw(who(step.a), QUOTE, step.amount, owner);
        } else revert(step.verb);
    }
}
