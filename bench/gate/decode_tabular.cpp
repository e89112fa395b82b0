// The gate: nine fields out of a JSON record of 200 bytes.
#include "decode.h"

int main() {
  using namespace thalweg::gate;
  return measure_decode("json", tabular_fields, tabular_values(), 10);
}
