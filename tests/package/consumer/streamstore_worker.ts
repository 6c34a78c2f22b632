/** The Worker of samplers with `prefetch`, as the second entry of a program that a bundler packs. */
import "@streamstore/streamstore/worker";
