# stg_layer(<name> SOURCES ... LINKS ... [PRIVATE_LINKS ...] [TORCH])
#   one static library a layer, stgmamba_<name>, linked only to layers below it (src/README.md).
# stg_test(<layer> SOURCES ... LINKS ... [TORCH])   one test executable a layer, test_<layer>.
# stg_tool(<name> SOURCE LINKS ...)                 one program.

function(stg_layer name)
  cmake_parse_arguments(ARG "TORCH" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  set(target stgmamba_${name})
  add_library(${target} STATIC ${ARG_SOURCES})
  add_library(stgmamba::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PUBLIC ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS} $<BUILD_INTERFACE:stg_compile_options>)
  if(ARG_TORCH)
    target_link_libraries(${target} PUBLIC stg_torch)
    stg_use_pch(${target})
  endif()
  set_property(GLOBAL APPEND PROPERTY STG_LAYERS ${target})
  install(TARGETS ${target} EXPORT stgmambaTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()

# Files that include torch only call it: the time goes into LibTorch and into our kernels, which have flags of their own.
# So -O1, which spares a fifth of the compile time of -O3.
set(stg_torch_level $<$<CONFIG:Release>:-O1>)

# Every torch target reuses one precompiled header: 45 s once instead of 20 s a file.
function(stg_use_pch target)
  if(NOT TARGET stg_torch_pch)
    add_library(stg_torch_pch OBJECT ${PROJECT_SOURCE_DIR}/cmake/torch_pch.cpp)
    target_precompile_headers(stg_torch_pch PRIVATE ${PROJECT_SOURCE_DIR}/cmake/torch_pch.hpp)
    target_link_libraries(stg_torch_pch PRIVATE fmt::fmt stg_torch stg_compile_options)
    target_compile_options(stg_torch_pch PRIVATE ${stg_torch_level})
  endif()
  target_precompile_headers(${target} REUSE_FROM stg_torch_pch)
  target_compile_options(${target} PRIVATE ${stg_torch_level})
  # Executables default to -fPIE, the header is made with -fPIC, and the compiler refuses the mixture.
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${target} PRIVATE -fPIC)
endfunction()

function(stg_test layer)
  cmake_parse_arguments(ARG "TORCH" "" "SOURCES;LINKS" ${ARGN})
  set(target test_${layer})
  add_executable(${target} ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE ${ARG_LINKS} stgmamba_test_support GTest::gtest GTest::gmock GTest::gtest_main
                                          stg_compile_options)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${target} PRIVATE STG_SOURCE_DIR="${PROJECT_SOURCE_DIR}" STG_BINARY_DIR="${PROJECT_BINARY_DIR}")
  if(ARG_TORCH)
    target_link_libraries(${target} PRIVATE stg_torch)
    stg_use_pch(${target})
  endif()
  include(GoogleTest)
  gtest_discover_tests(${target} TEST_PREFIX "${layer}." DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
                       PROPERTIES LABELS "${layer}" TIMEOUT 600)
endfunction()

function(stg_tool name source)
  cmake_parse_arguments(ARG "" "" "LINKS" ${ARGN})
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} stg_compile_options)
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
