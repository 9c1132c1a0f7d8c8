/* Latencies in buckets that grow with the value, after HdrHistogram. */

#include <stdio.h>
#include <string.h>

#include "load.h"

static uint64_t middle_of(int bucket) {
    if (bucket < 64)
        return (uint64_t)bucket;
    int doublings = 6 + (bucket - 64) / 32;
    uint64_t step = 1ull << (doublings - 5);
    return (32 + (uint64_t)((bucket - 64) % 32)) * step + step / 2;
}

static double percentile_ms(const struct histogram *h, double percent) {
    uint64_t wanted = (uint64_t)((double)h->total * percent / 100), seen = 0;
    for (int i = 0; i < BUCKETS; i++) {
        seen += h->counts[i];
        if (seen > wanted)
            return (double)middle_of(i) / 1e6;
    }
    return (double)h->longest / 1e6;
}

void forget(struct histogram *h) { memset(h, 0, sizeof *h); }

/* As members of a JSON object, in milliseconds. */
void print_percentiles(const struct histogram *h) {
    printf("\"p50\":%.4f,\"p90\":%.4f,\"p99\":%.4f,\"p999\":%.4f,\"max\":%.4f",
           percentile_ms(h, 50), percentile_ms(h, 90), percentile_ms(h, 99),
           percentile_ms(h, 99.9), (double)h->longest / 1e6);
}
