/** The runtime's own start: a module that does nothing. */
export {};
