/* A program of musl's own: opens the library, writes a store, gathers windows of it, and prints what they hold.
 * What the numbers of the boundary mean is given by the test, from src/native/abi.ts. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { rows = 1000, rows_per_call = 100, tokens_per_row = 3, windows = 4, window_length = 7 };

typedef uint32_t u32;
typedef int32_t i32;
typedef struct { i32 words[RECORD_WORDS]; } record;
typedef struct { i32 type, kind, wide; } field_cells;

static void check(const char *call, i32 status) {
  if (status == STATUS_OK) return;
  fprintf(stderr, "%s: status %d\n", call, status);
  exit(1);
}

static void *symbol(void *library, const char *name) {
  void *found = dlsym(library, name);
  if (found) return found;
  fprintf(stderr, "%s\n", dlerror());
  exit(1);
}

static record record_of(i32 step, i32 type, i32 count) {
  record made;
  memset(&made, 0, sizeof made);
  made.words[RECORD_STEP] = step;
  made.words[RECORD_TYPE] = type;
  made.words[RECORD_COUNT] = count;
  return made;
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  void *library = dlopen(arguments[1], RTLD_NOW);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  i32 (*open)(const char *, u32, u32, const double *, const field_cells *, u32, const uint8_t *, double *) = symbol(library, "ss_store_open");
  i32 (*write)(u32, const record *, u32, const double *, u32, const uint64_t *, u32) = symbol(library, "ss_store_write");
  i32 (*update)(u32, u32, double, uint64_t *) = symbol(library, "ss_store_update");
  i32 (*gather)(u32, const double *, u32, u32, u32, const field_cells *, u32, double *, i32 *, int64_t *) = symbol(library, "ss_window_gather");
  i32 (*close)(u32, u32, u32) = symbol(library, "ss_store_close");

  double options[OPTIONS_LENGTH] = {0};
  options[OPTIONS_CAPACITY] = 4096;
  options[OPTIONS_TAIL_RECORDS] = 256;
  options[OPTIONS_TAIL_VALUES] = 512;
  options[OPTIONS_RESERVED] = 1 << 20;
  options[OPTIONS_TYPE_BYTES] = 1;
  options[OPTIONS_CELL_KIND] = KIND_FLOAT64;
  const field_cells fields[] = {{0, KIND_FLOAT64, KIND_FLOAT64}, {1, KIND_FLOAT64, KIND_FLOAT64}};
  const uint8_t id[16] = {0};
  double number;
  check("open", open(arguments[2], strlen(arguments[2]), MODE_CREATE, options, fields, 2, id, &number));
  u32 store = (u32)number;

  const uint64_t no_words[1] = {0};
  for (i32 row = 0; row < rows; row += rows_per_call) {
    record records[2 * rows_per_call];
    double values[tokens_per_row * rows_per_call];
    for (i32 i = 0; i < rows_per_call; i++) {
      i32 step = row + i;
      records[2 * i] = record_of(step, 0, 1);
      records[2 * i + 1] = record_of(step, 1, 2);
      values[3 * i] = step / 3.0;
      values[3 * i + 1] = -step;
      values[3 * i + 2] = step * 1e300;
    }
    check("write", write(store, records, 2 * rows_per_call, values, tokens_per_row * rows_per_call, no_words, 0));
  }
  uint64_t state[STATE_LENGTH];
  check("flush", update(store, ACTION_FLUSH, 0, state));
  printf("%llu %llu\n", (unsigned long long)state[STATE_TOKENS], (unsigned long long)state[STATE_ROWS]);

  const double starts[windows] = {0, 1, 1499, rows * tokens_per_row - window_length};
  double values[windows * window_length];
  i32 types[windows * window_length];
  int64_t steps[windows * window_length];
  check("gather", gather(store, starts, windows, window_length, GATHER_LAYOUT, fields, 0, values, types, steps));
  for (int i = 0; i < windows * window_length; i++) {
    uint64_t bits;
    memcpy(&bits, &values[i], sizeof bits);
    printf("%d %016llx %d %lld\n", (int)starts[i / window_length] + i % window_length, (unsigned long long)bits, types[i], (long long)steps[i]);
  }
  double beyond = rows * tokens_per_row - window_length + 1;
  if (gather(store, &beyond, 1, window_length, GATHER_LAYOUT, fields, 0, values, types, steps) == STATUS_OK) return 3;
  check("close", close(store, 0, 0));
  if (close(store, 0, 0) == STATUS_OK) return 4;
  return 0;
}
