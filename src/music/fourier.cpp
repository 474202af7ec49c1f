// SPDX-License-Identifier: MIT
#include "music/fourier.hpp"

#include <cmath>
#include <numbers>

#include <opencv2/core.hpp>

#include "stgmamba/util/check.hpp"

namespace stgmamba::music {

void power_spectra(std::span<double> rows, std::int64_t size, std::span<double> power) {
  const auto n = static_cast<std::size_t>(size), bins = n / 2 + 1;
  STG_CHECK(size >= 2 && size % 2 == 0 && rows.size() % n == 0 && power.size() == rows.size() / n * bins,
            "[power_spectra] needs rows of an even size, got {} values for rows of {} and {} results", rows.size(),
            size, power.size());
  const std::size_t count = rows.size() / n;
  cv::Mat packed(static_cast<int>(count), static_cast<int>(size), CV_64F, rows.data());
  cv::dft(packed, packed, cv::DFT_ROWS);  // in place: Re 0, Re 1, Im 1, Re 2, ..., Re n/2
  for (std::size_t row = 0; row < count; ++row) {
    const double* in = rows.data() + row * n;
    double* out = power.data() + row * bins;
    out[0] = in[0] * in[0];
    for (std::size_t k = 1; k + 1 < bins; ++k) {
      out[k] = in[2 * k - 1] * in[2 * k - 1] + in[2 * k] * in[2 * k];
    }
    out[bins - 1] = in[n - 1] * in[n - 1];
  }
}

std::vector<double> autocorrelation(std::span<const double> power, std::int64_t size, std::int64_t lags) {
  const auto n = static_cast<std::size_t>(size), half = n / 2;
  STG_CHECK(size % 2 == 0 && power.size() == half + 1 && lags <= size,
            "[autocorrelation] needs {} values and at most {} lags, got {} and {}", half + 1, size, power.size(), lags);
  std::vector<double> cosine(n);
  for (std::size_t i = 0; i < n; ++i) {
    cosine[i] = std::cos(2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(n));
  }
  std::vector<double> result(static_cast<std::size_t>(lags));
  for (std::size_t lag = 0; lag < result.size(); ++lag) {
    double sum = power[0] + power[half] * cosine[lag * half % n];
    for (std::size_t bin = 1; bin < half; ++bin) {  // and its mirror image
      sum += 2.0 * power[bin] * cosine[lag * bin % n];
    }
    result[lag] = sum / static_cast<double>(n);
  }
  return result;
}

std::int64_t fast_size(std::int64_t size) {
  return 2 * static_cast<std::int64_t>(cv::getOptimalDFTSize(static_cast<int>((size + 1) / 2)));
}

std::vector<double> hann(std::int64_t size) {
  std::vector<double> window(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < window.size(); ++i) {
    window[i] = 0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(size));
  }
  return window;
}

}  // namespace stgmamba::music
