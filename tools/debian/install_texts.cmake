# Run by cmake --install: configuration, unit and manual pages, with the paths
# of this installation. Beside /usr is /etc; any other prefix has its own.
set(here ${carillon_source}/tools/debian)
set(prefix ${CMAKE_INSTALL_PREFIX})
set(root ${prefix})
if(prefix STREQUAL "/usr")
  set(root "")
endif()
set(CARILLON_BIN ${prefix}/bin)
set(CARILLON_SHARE ${prefix}/share/carillon)
set(CARILLON_ETC ${root}/etc/carillon)
# SOURCE_DATE_EPOCH gives the same bytes again.
string(TIMESTAMP DATE "%Y-%m-%d" UTC)

# carillon_text(FROM TO FLAGS_FORM...): with @NAMES@ filled in, and with
# what docs/configuration.md says of each flag.
function(carillon_text from to)
  set(source ${here}/${from})
  if(ARGN)
    set(template ${carillon_build}/${to}.template)
    execute_process(
      COMMAND /usr/bin/python3 ${here}/from_docs.py ${ARGN}
              ${carillon_source}/docs/configuration.md ${source}
      OUTPUT_FILE ${template} COMMAND_ERROR_IS_FATAL ANY)
    set(source ${template})
  endif()
  configure_file(${source} ${carillon_build}/${to} @ONLY)
endfunction()

# carillon_man(NAME SECTION FLAGS_FORM...)
function(carillon_man name section)
  carillon_text(${name}.${section}.in ${name}.${section} ${ARGN})
  execute_process(
    COMMAND gzip -9nc ${carillon_build}/${name}.${section}
    OUTPUT_FILE ${carillon_build}/${name}.${section}.gz
    COMMAND_ERROR_IS_FATAL ANY)
  file(INSTALL ${carillon_build}/${name}.${section}.gz
       DESTINATION ${prefix}/share/man/man${section})
endfunction()

carillon_text(carillon.conf.in carillon.conf conf)
file(INSTALL ${carillon_build}/carillon.conf DESTINATION ${CARILLON_ETC})
carillon_text(carillon.service.in carillon.service)
file(INSTALL ${carillon_build}/carillon.service
     DESTINATION ${root}/lib/systemd/system)
carillon_man(carillon 8 man)
carillon_man(carillon-bot 1)
