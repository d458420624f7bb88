# How targets of this project are made: one compile policy, one place.

set(CARILLON_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    -Wno-sign-conversion -Werror)

# carillon_options(TARGET): the compile policy of every target of ours.
function(carillon_options target)
  target_compile_options(${target} PRIVATE ${CARILLON_WARNINGS}
    -ffp-contract=off -fno-omit-frame-pointer)
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR})
endfunction()

# carillon_library(NAME [NO_EXCEPTIONS] SOURCES ... [LINK ...])
function(carillon_library name)
  cmake_parse_arguments(ARG "NO_EXCEPTIONS" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  carillon_options(${name})
  if(ARG_NO_EXCEPTIONS)
    target_compile_options(${name} PRIVATE -fno-exceptions)
  endif()
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
endfunction()

# carillon_executable(NAME SOURCES ... [LINK ...])
function(carillon_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  carillon_options(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
endfunction()

# carillon_test(NAME LABEL label SOURCES ... [LINK ...]): one gtest program,
# one ctest entry. `vectors` cases are those whose suite name ends in Vectors;
# they get an entry of their own.
function(carillon_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  carillon_options(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gmock_main)
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1
           --gtest_filter=-*Vectors.*)
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 300)
  add_test(NAME ${name}_vectors COMMAND ${name} --gtest_brief=1
           --gtest_filter=*Vectors.*)
  set_tests_properties(${name}_vectors PROPERTIES LABELS vectors TIMEOUT 300)
endfunction()

# carillon_fuzzer(NAME SOURCES ... [LINK ...]): a libFuzzer program in the fuzz
# preset; elsewhere a program that replays the corpus directory, run by ctest.
function(carillon_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  carillon_options(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
  if(CARILLON_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.cc)
    add_test(NAME ${name} COMMAND ${name}
             ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 120)
  endif()
endfunction()
