// SPDX-License-Identifier: MIT
// Discrete Fourier transforms of real rows (OpenCV underneath).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace stgmamba::music {

/// |DFT|^2 of every row: [rows, size] -> [rows, size / 2 + 1]. `size` is even; the rows are overwritten.
void power_spectra(std::span<double> rows, std::int64_t size, std::span<double> power);

/// The circular autocorrelation at lags 0 .. lags-1 that belongs to a power spectrum of rows of `size`.
std::vector<double> autocorrelation(std::span<const double> power, std::int64_t size, std::int64_t lags);

/// The smallest even size >= `size` that transforms fast.
std::int64_t fast_size(std::int64_t size);

/// Periodic Hann window: 0.5 - 0.5 cos(2 pi i / size).
std::vector<double> hann(std::int64_t size);

}  // namespace stgmamba::music
