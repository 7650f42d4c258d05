// The twin of contracts/libraries; its modules are exported here.
export {};
